import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeNoRoom } from "../../../services/memory/describe-no-room.ts";
import { DeviceMemory } from "../../../services/memory/device-memory.ts";
import { formatBytes } from "../../../services/models/format-bytes.ts";
import { parseMemoryLimit } from "../../../services/memory/memory-limit.ts";
import { readRam } from "../../../services/memory/ram.ts";

function machine(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "tw-ram-"));
  const all = { "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 600 kB\n", ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

describe("RAM", () => {
  test("is what the machine has available", () => {
    using ctx = machine({});
    expect(readRam(ctx.root)).toEqual({ totalBytes: 1000 * 1024, availableBytes: 600 * 1024 });
  });

  test("is less in a container: the smallest of the limits above us counts, and its page cache is free", () => {
    using ctx = machine({
      "proc/self/cgroup": "0::/a/b\n",
      "sys/fs/cgroup/a/b/memory.max": "max\n",
      "sys/fs/cgroup/a/memory.max": "200000\n",
      "sys/fs/cgroup/a/memory.current": "150000\n",
      "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 20000\nactive_file 10000\n",
    });
    expect(readRam(ctx.root)).toEqual({ totalBytes: 200_000, availableBytes: 80_000 });
  });

  test("is no more than where a cgroup begins to hold back", () => {
    using ctx = machine({
      "proc/self/cgroup": "0::/a\n",
      "sys/fs/cgroup/a/memory.max": "500000\n",
      "sys/fs/cgroup/a/memory.high": "400000\n",
      "sys/fs/cgroup/a/memory.current": "100000\n",
    });
    expect(readRam(ctx.root)).toEqual({ totalBytes: 400_000, availableBytes: 300_000 });
  });

  test("with version 1 of cgroups too", () => {
    using ctx = machine({
      "proc/self/cgroup": "4:memory:/x\n",
      "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "300000\n",
      "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "100000\n",
    });
    expect(readRam(ctx.root)).toEqual({ totalBytes: 300_000, availableBytes: 200_000 });
  });
});

describe("memory_limit", () => {
  const readRam = () => ({ totalBytes: 1000, availableBytes: 800 });
  const capacity = (written: Parameters<typeof parseMemoryLimit>[0] | undefined, gpu = false) => {
    const memory = new DeviceMemory({ limit: written === undefined ? undefined : parseMemoryLimit(written), readRam });
    const own = { GPU0: 50 };
    const gpus = [{ device: "GPU0", description: "x", freeBytes: 300, totalBytes: 400 }];
    if (gpu) memory.see(gpus, { min: own, max: own });
    return memory.capacity({ ramBytes: 100 });
  };

  test("is an amount or a share, of RAM where there is no GPU and else of the GPUs", () => {
    expect(capacity("500")).toEqual({ RAM: 500 });
    expect(capacity("50%")).toEqual({ RAM: 500 });
    expect(capacity("50%", true)).toEqual({ GPU0: 200, RAM: 855 });
    expect(capacity({ GPU0: "100", RAM: "20%" }, true)).toEqual({ GPU0: 100, RAM: 200 });
  });

  test("is never more than what is free, with what our own models hold", () => {
    expect(capacity("1GB")).toEqual({ RAM: 900 });
    expect(capacity("100%", true)).toEqual({ GPU0: 350, RAM: 855 });
    expect(capacity(undefined)).toEqual({ RAM: 855 });
  });

  test("counts a GPU's memory rightly while models come and go", () => {
    const memory = new DeviceMemory({ limit: parseMemoryLimit("100%"), readRam });
    const see = (freeBytes: number, min: number, max: number) => {
      const gpu = { device: "GPU0", description: "x", freeBytes, totalBytes: 1000 };
      memory.see([gpu], { min: { GPU0: min }, max: { GPU0: max } });
      return memory.capacity({ ramBytes: 0 })["GPU0"];
    };
    expect(see(900, 0, 0)).toBe(900);
    // 300 were set aside for a model that has taken 100 of them so far.
    expect(see(800, 0, 300)).toBe(900);
    expect(see(600, 300, 300)).toBe(900);
    // Another program has taken 200, and given 100 back.
    expect(see(400, 300, 300)).toBe(700);
    expect(see(500, 300, 300)).toBe(800);
    // Ours goes, and has given all back already; then another program takes more than ours can explain.
    expect(see(800, 0, 300)).toBe(800);
    expect(see(300, 0, 300)).toBe(600);
  });

  test("knows units of both kinds", () => {
    expect(["420MB", "1.5 GiB", "2kb"].map((text) => parseMemoryLimit(text))).toEqual(
      [420e6, 1.5 * 2 ** 30, 2000].map((bytes) => ({ kind: "bytes", bytes })),
    );
  });
});

test("a refusal says what is needed where, who keeps the rest, and what to change", () => {
  const room = {
    need: { RAM: 6.1e9 },
    capacity: { RAM: 5e9 },
    short: { RAM: 2e9 },
    stay: [{ model: "a", bytes: { RAM: 9e8 } }],
  };
  expect(describeNoRoom("big", room)).toBe(
    'model "big" needs 6.10 GB of RAM, where models may take 5.00 GB in all, of which model "a" keeps 900 MB (it is pinned): ' +
      "lower its n_ctx or n_slots, choose a smaller quantization, remove a pin, or raise memory_limit if the machine has more",
  );
});

test("bytes are written with three digits", () => {
  expect([0, 999, 1500, 999_700, 42e6, 420e6, 1.234e9].map(formatBytes)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.50 KB",
    "1.00 MB",
    "42.0 MB",
    "420 MB",
    "1.23 GB",
  ]);
});
