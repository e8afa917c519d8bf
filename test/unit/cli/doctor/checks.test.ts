import { createServer } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { checkNative, type Machine } from "../../../../cli/doctor/check-gpu.ts";
import { checkPort } from "../../../../cli/doctor/check-port.ts";
import { checkDisk } from "../../../../cli/doctor/check-room.ts";

const machine: Machine = { platform: "linux", arch: "x64", builds: ["linux-x64"], nvidia: undefined, vulkan: false };

test.each([
  ["nothing but a CPU", {}, ["ok", "ok"]],
  ["no build for this machine", { builds: ["linux-arm64"] }, ["fail", "ok"]],
  ["NVIDIA without its build", { nvidia: ["H200"] }, ["ok", "warn"]],
  ["NVIDIA with its build", { nvidia: ["H200"], builds: ["linux-x64", "linux-x64-cuda"] }, ["ok", "ok"]],
  ["a driver that finds no GPU", { nvidia: [] }, ["ok", "warn"]],
  ["Vulkan without its build", { vulkan: true }, ["ok", "warn"]],
  ["Vulkan with its build", { vulkan: true, builds: ["linux-x64", "linux-x64-vulkan"] }, ["ok", "ok"]],
] satisfies [string, Partial<Machine>, string[]][])("%s", (_, parts, expected) => {
  const checks = checkNative({ ...machine, ...parts });
  expect(checks.map(({ status }) => status)).toEqual(expected);
  // Whoever is warned is told what to do.
  expect(checks.filter(({ status, remedy }) => status !== "ok" && remedy === undefined)).toEqual([]);
});

test("a port in use fails, a free one does not", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const place = { setting: "grpc_port", host: "127.0.0.1", port };
  expect(await checkPort(place)).toMatchObject({ status: "fail", found: `127.0.0.1:${port} is in use` });
  server.close();
  await once(server, "close");
  expect(await checkPort(place)).toMatchObject({ status: "ok" });
  expect(await checkPort({ ...place, host: "no.such.host.invalid" })).toMatchObject({ remedy: "correct grpc_host" });
});

test("a folder that is not there yet is on its parent's disk", async () => {
  expect((await checkDisk("/tmp/tokenwire-not-there/hub")).found).toMatch(/ are free for downloads in /);
});
