import type { ContentPart, Message } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { TextOrTokens } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { checkPlaces, isMedia, type MediaDeps, type MediaPlace, resolveMedia } from "./resolve-media.ts";

/** Where requests hold pictures and sounds: in messages, or in a prompt of parts. */
export interface MediaRequest {
  readonly messages?: Message[];
  readonly prompt?: TextOrTokens | undefined;
}

/**
 * The request as a worker is given it: every picture and sound fetched, looked over and in a format that engines read.
 * undefined where it has none. Throws INVALID_PARAMETER or UNSUPPORTED_PARAMETER, naming the part, for what is not served,
 * by the model or at all.
 */
export function findMedia<R extends MediaRequest>(
  model: string,
  request: R,
  deps: MediaDeps,
): ((signal: AbortSignal) => Promise<R>) | undefined {
  const places = findPlaces(request);
  if (places.length === 0) return undefined;
  return async (signal) => {
    checkPlaces(places, deps.takenBy(model));
    const resolved = await resolveMedia(places, deps, signal);
    const byPart = new Map(places.map(({ part }, i) => [part, resolved[i]] as const));
    const replace = (part: ContentPart): ContentPart => {
      const own = isMedia(part.part) ? byPart.get(part.part) : undefined;
      return own === undefined ? part : { ...part, part: own };
    };
    return replaceParts(request, replace);
  };
}

function findPlaces({ messages = [], prompt }: MediaRequest): MediaPlace[] {
  const places = messages.flatMap(({ content }, i) => placesOf(content, `messages[${i}].content`));
  return prompt?.kind.case === "parts" ? [...places, ...placesOf(prompt.kind.value.parts, "prompt.parts")] : places;
}

function placesOf(parts: readonly ContentPart[], path: string): MediaPlace[] {
  return parts.flatMap(({ part }, i) => (isMedia(part) ? [{ part, path: `${path}[${i}]` }] : []));
}

/** The same request with other parts. What has not changed is shared with it. */
function replaceParts<R extends MediaRequest>(request: R, replace: (part: ContentPart) => ContentPart): R {
  const { messages, prompt } = request;
  const kind = prompt?.kind;
  return {
    ...request,
    ...(messages && { messages: messages.map((it) => ({ ...it, content: it.content.map(replace) })) }),
    ...(kind?.case === "parts" && {
      prompt: { ...prompt, kind: { ...kind, value: { ...kind.value, parts: kind.value.parts.map(replace) } } },
    }),
  };
}
