import type { DescMessage } from "@bufbuild/protobuf";

/** A message in its wire form, which a stream's handler may yield in the place of the message itself: it is sent as it is. */
export class EncodedMessage<Desc extends DescMessage = DescMessage> {
  readonly schema: Desc;
  readonly bytes: Uint8Array;

  constructor(schema: Desc, bytes: Uint8Array) {
    this.schema = schema;
    this.bytes = bytes;
  }
}
