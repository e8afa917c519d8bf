import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SchemaCheckSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { AnswerSchemas } from "../jobs/answer/answer-schemas.ts";
import type { SchemaVerdict } from "../schema-check/check-schema.ts";
import { createSchemaChecker, type SchemaChecker } from "../schema-check/schema-checker.ts";

/** One for the process: its thread is begun by the first answer that needs it. */
const processChecker = createSchemaChecker();

interface Call {
  readonly schemaJson: string | undefined;
  arguments: string;
}

/** Keeps what one choice says, as far as it has to be checked against schemas of which the grammar did not enforce all. */
export class AnswerCheck {
  readonly #schemas: AnswerSchemas;
  readonly #checker: SchemaChecker;
  readonly #calls = new Map<number, Call>();
  #content = "";

  constructor(schemas: AnswerSchemas, checker: SchemaChecker = processChecker) {
    this.#schemas = schemas;
    this.#checker = checker;
  }

  text(piece: string): void {
    if (this.#schemas.content !== undefined) this.#content += piece;
  }

  /** The first piece of a call has its name. */
  call({ index = 0, name = "", arguments: piece = "" }: { index?: number; name?: string; arguments?: string }): void {
    const known = this.#calls.get(index);
    if (known) known.arguments += piece;
    else this.#calls.set(index, { schemaJson: this.#schemas.tools.get(name), arguments: piece });
  }

  /** The verdict on all of it, once it is whole; undefined where nothing was to check or it cannot be told. */
  async verdict(): Promise<MessageInitShape<typeof SchemaCheckSchema> | undefined> {
    const found: (SchemaVerdict | undefined)[] = [];
    for (const { schemaJson, arguments: text } of this.#calls.values())
      if (schemaJson !== undefined) found.push(await this.#checker.check(schemaJson, text));
    const { content } = this.#schemas;
    if (content !== undefined && this.#calls.size === 0) found.push(await this.#checker.check(content, this.#content));
    if (found.length === 0 || found.includes(undefined)) return undefined;
    const fault = found.find((verdict) => verdict?.valid === false)?.fault;
    return { valid: fault === undefined, fault: fault ?? "" };
  }
}
