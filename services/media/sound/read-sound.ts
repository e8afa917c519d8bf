import { MediaFault } from "../media-fault.ts";
import { readFlac } from "./flac.ts";
import { readMp3 } from "./mp3.ts";
import { readWav } from "./wav.ts";

export interface SoundFacts {
  readonly format: "wav" | "mp3" | "flac";
  readonly seconds: number;
}

/**
 * What a sound's bytes say of it, whatever it was called. Throws a MediaFault on what is not a whole sound, and where it
 * does not say how long it is.
 */
export function readSound(bytes: Buffer): SoundFacts {
  const mark = bytes.toString("latin1", 0, 12);
  const found = mark.startsWith("fLaC")
    ? { format: "flac" as const, seconds: readFlac(bytes) }
    : /^RIFF.{4}WAVE$/s.test(mark)
      ? { format: "wav" as const, seconds: readWav(bytes) }
      : { format: "mp3" as const, seconds: readMp3(bytes) };
  if (!(found.seconds > 0)) throw new MediaFault("has no sound in it");
  return found;
}
