import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials } from "@grpc/grpc-js";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionResponse,
} from "../../../proto/gen/grpc/reflection/v1/reflection_pb.ts";
import { addReflection } from "../../../services/rpc/standard/reflection.ts";
import { startRpc, textEvent } from "../../support/rpc.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

/** Asks on one stream, as tools do: each question after the answer to the one before. */
async function ask(address: string, version: "v1" | "v1alpha", questions: Question[]) {
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (question: Question) =>
      Buffer.from(
        toBinary(ServerReflectionRequestSchema, create(ServerReflectionRequestSchema, { messageRequest: question })),
      ),
    (bytes: Buffer) => fromBinary(ServerReflectionResponseSchema, bytes),
  );
  const answers: ServerReflectionResponse[] = [];
  const waiting = questions.values();
  const askNext = () => {
    const { value, done } = waiting.next();
    if (done) call.end();
    else call.write(value);
  };
  askNext();
  for await (const answer of call as AsyncIterable<ServerReflectionResponse>) {
    answers.push(answer);
    askNext();
  }
  client.close();
  return answers.map((answer) => answer.messageResponse);
}

function fileNames(answer: ServerReflectionResponse["messageResponse"] | undefined): string[] {
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`expected files, got ${answer?.case}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  test("answers every kind of question on one stream, then ends it", async () => {
    await using rpc = await startRpc({});
    addReflection(rpc.server);
    const [services, file, method, message, detail, missing, extensions, extension] = await ask(rpc.address, version, [
      { case: "listServices", value: "" },
      { case: "fileByFilename", value: "tokenwire/v1/generation.proto" },
      { case: "fileContainingSymbol", value: "tokenwire.v1.InferenceService.Chat" },
      { case: "fileContainingSymbol", value: "google.protobuf.Struct" },
      { case: "fileContainingSymbol", value: "tokenwire.v1.ErrorDetail" },
      { case: "fileContainingSymbol", value: "tokenwire.v1.Nothing" },
      { case: "allExtensionNumbersOfType", value: "tokenwire.v1.ChatRequest" },
      { case: "fileContainingExtension", value: { containingType: "tokenwire.v1.ChatRequest", extensionNumber: 7 } },
    ]);
    expect(services).toMatchObject({
      value: {
        service: [
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "tokenwire.v1.InferenceService" },
          { name: "tokenwire.v1.ModelService" },
        ],
      },
    });
    expect(fileNames(file)).toEqual(["tokenwire/v1/generation.proto"]);
    expect(fileNames(method).sort()).toEqual([
      "google/protobuf/struct.proto",
      "tokenwire/v1/chat.proto",
      "tokenwire/v1/generation.proto",
      "tokenwire/v1/inference.proto",
    ]);
    expect(fileNames(method)[0]).toBe("tokenwire/v1/inference.proto");
    expect(fileNames(message)).toEqual(["google/protobuf/struct.proto"]);
    expect(fileNames(detail)).toEqual(["tokenwire/v1/errors.proto"]);
    expect(missing).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    expect(extensions).toMatchObject({ case: "allExtensionNumbersResponse", value: { extensionNumber: [] } });
    expect(extension).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
  });
});

test("buf curl calls the server by reflection alone", async () => {
  await using rpc = await startRpc({
    async *chat({ model }) {
      yield textEvent(`hello from ${model}`);
    },
  });
  addReflection(rpc.server);
  const buf = fileURLToPath(new URL("../../../node_modules/.bin/buf", import.meta.url));
  const url = `http://${rpc.address}/tokenwire.v1.InferenceService/Chat`;
  const { stdout } = await promisify(execFile)(buf, [
    "curl",
    "--http2-prior-knowledge",
    "--protocol",
    "grpc",
    "-d",
    '{"model":"tiny"}',
    url,
  ]);
  expect(JSON.parse(stdout)).toEqual({ text: { text: "hello from tiny" } });
});
