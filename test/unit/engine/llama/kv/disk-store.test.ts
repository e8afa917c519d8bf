import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDiskStore } from "../../../../../services/engine/llama/kv/disk-store.ts";
import { NativeBuffer } from "../../../../../services/engine/llama/native/buffers/buffer.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tw-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function state(text: string): NativeBuffer {
  const data = new NativeBuffer(text.length);
  data.bytes.set(Buffer.from(text));
  return data;
}

async function textsOf(store: Awaited<ReturnType<typeof openDiskStore>>): Promise<(string | undefined)[]> {
  return Promise.all(
    store.list().map(async (one) => {
      const data = await store.read(one);
      const text = data && Buffer.from(data.bytes).toString();
      if (data !== undefined) store.release(data);
      return text;
    }),
  );
}

test("states are found again, and what a killed process left goes", async () => {
  const store = await openDiskStore(directory);
  await store.add([1, 2], state("one"));
  await writeFile(join(directory, "half.state.part"), "hal");
  await mkdir(join(directory, "folder.state"));
  await writeFile(join(directory, "tiny.state"), "x");
  const again = await openDiskStore(directory);
  expect(again.list().map(({ tokens, bytes }) => [[...tokens], bytes])).toEqual([[[1, 2], 3]]);
  expect(await textsOf(again)).toEqual(["one"]);
  expect(await readdir(directory)).not.toContain("half.state.part");
});

test("a state that was changed on the disk is not given back", async () => {
  const store = await openDiskStore(directory);
  await store.add([1], state("one"));
  const [name = ""] = await readdir(directory);
  await writeFile(
    join(directory, name),
    Buffer.concat([Buffer.from([1, 0, 0, 0, 9, 9, 9, 9, 1, 0, 0, 0]), Buffer.from("two")]),
  );
  expect(await textsOf(store)).toEqual([undefined]);
});

test("a folder that has gone is an error of each use, which its caller decides about", async () => {
  const store = await openDiskStore(directory);
  await store.add([1], state("one"));
  await rm(directory, { recursive: true });
  await expect(store.add([2], state("two"))).rejects.toThrow("ENOENT");
  await expect(textsOf(store)).rejects.toThrow("ENOENT");
  expect(store.list()).toHaveLength(1);
});

test("beyond the states that wait for the disk none is kept", async () => {
  const store = await openDiskStore(directory);
  await Promise.all([1, 2, 3, 4].map((token) => store.add([token], state("some"))));
  expect(store.list()).toHaveLength(2);
});
