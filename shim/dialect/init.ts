import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

/** A message as a plain partial object, which the client turns into a real one. */
export type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, { $typeName: string }>;
