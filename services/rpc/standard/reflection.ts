import { toBinary, type DescFile, type DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../../../proto/gen/grpc/reflection/v1/reflection_pb.ts";
import { file_tokenwire_v1_errors } from "../../../proto/gen/tokenwire/v1/errors_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../../proto/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { RpcServer } from "../server.ts";

/**
 * Lets tools ask the server for its services: adds the reflection service under both of its names, v1 and (which older
 * tools try first) v1alpha. Describes what has been added to the server by the time of the first question.
 */
export function addReflection(server: RpcServer): void {
  let index: DescriptorIndex | undefined;
  const descriptors = () => (index ??= new DescriptorIndex(server.services));
  server.add(ServerReflection, { serverReflectionInfo: (requests) => answers(requests, descriptors) });
  server.add(ServerReflectionAlpha, { serverReflectionInfo: (requests) => answers(requests, descriptors) });
}

/** The versions differ in the package's name only: the same questions, the same answers. */
type Question = ServerReflectionRequest["messageRequest"];
type Answer = Plain<ServerReflectionResponse["messageResponse"]>;

/** A message's shape without what marks it as of one version. */
type Plain<T> = T extends Uint8Array
  ? T
  : T extends (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T as Exclude<Key, "$typeName" | "$unknown">]: Plain<T[Key]> }
      : T;

async function* answers<Request extends { host: string; messageRequest: Plain<Question> }>(
  requests: AsyncIterable<Request>,
  descriptors: () => DescriptorIndex,
): AsyncGenerator<{ validHost: string; originalRequest: Request; messageResponse: Answer }> {
  for await (const request of requests) {
    const messageResponse = answer(request.messageRequest, descriptors());
    yield { validHost: request.host, originalRequest: request, messageResponse };
  }
}

function answer(question: Plain<Question>, descriptors: DescriptorIndex): Answer {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: descriptors.serviceNames().map((name) => ({ name })) } };
    case "fileByFilename":
      return filesAnswer(descriptors.fileNamed(question.value), `file ${question.value}`);
    case "fileContainingSymbol":
      return filesAnswer(descriptors.fileOf(question.value), `symbol ${question.value}`);
    case "allExtensionNumbersOfType":
      // No proto of ours extends a message, as proto3 has it.
      if (!descriptors.fileOf(question.value)) return notFound(`type ${question.value}`);
      return {
        case: "allExtensionNumbersResponse",
        value: { baseTypeName: question.value, extensionNumber: [] },
      };
    case "fileContainingExtension":
      return notFound(`extension ${question.value.extensionNumber} of ${question.value.containingType}`);
    case undefined:
      return {
        case: "errorResponse",
        value: { errorCode: GrpcStatus.INVALID_ARGUMENT, errorMessage: "the request asks for nothing" },
      };
  }
}

function filesAnswer(file: DescFile | undefined, what: string): Answer {
  if (!file) return notFound(what);
  const fileDescriptorProto = withDependencies(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(what: string): Answer {
  return {
    case: "errorResponse",
    value: { errorCode: GrpcStatus.NOT_FOUND, errorMessage: `${what} is not known here` },
  };
}

/** What some services are made of, by name. */
class DescriptorIndex {
  readonly #services: readonly DescService[];
  readonly #byName = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    this.#services = services;
    // No service's file imports the details of the errors, but tools that show them ask for their type.
    const files = [...services.map((service) => service.file), file_tokenwire_v1_errors];
    for (const file of new Set(files.flatMap(withDependencies))) {
      this.#byName.set(file.proto.name, file);
      for (const type of nestedTypes(file)) this.#bySymbol.set(type.typeName, file);
    }
  }

  serviceNames(): string[] {
    return this.#services.map((service) => service.typeName).toSorted();
  }

  fileNamed(name: string): DescFile | undefined {
    return this.#byName.get(name);
  }

  /** The file of a message, enum or service, or of a member of one (`package.Service.Method`). */
  fileOf(symbol: string): DescFile | undefined {
    return this.#bySymbol.get(symbol) ?? this.#bySymbol.get(symbol.slice(0, symbol.lastIndexOf(".")));
  }
}

/** A file and all that it imports, itself first: tools take the first for what they asked for. */
function withDependencies(file: DescFile): DescFile[] {
  const files = new Set([file]);
  // A set that grows while it is walked is walked to its new end.
  for (const next of files) for (const dependency of next.dependencies) files.add(dependency);
  return [...files];
}
