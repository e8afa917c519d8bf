import type { ChatLogprob } from "../../dialect/answer/chat-logprobs.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly [];
  readonly logprobs: readonly ChatLogprob[];
}

interface CallFields {
  readonly id: string;
  readonly call_id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly status: ItemStatus;
}

/** One item of a response's output. */
export type OutputItem =
  | {
      readonly id: string;
      readonly type: "message";
      readonly role: "assistant";
      readonly status: ItemStatus;
      readonly content: readonly OutputText[];
    }
  | {
      readonly id: string;
      readonly type: "reasoning";
      readonly status: ItemStatus;
      readonly summary: readonly { readonly type: "summary_text"; readonly text: string }[];
      readonly content?: readonly { readonly type: "reasoning_text"; readonly text: string }[];
      readonly encrypted_content?: string;
    }
  | (CallFields & { readonly type: "function_call"; readonly arguments: string })
  | (CallFields & { readonly type: "custom_tool_call"; readonly input: string })
  | {
      readonly id: string;
      readonly type: "local_shell_call";
      readonly call_id: string;
      readonly status: ItemStatus;
      readonly action: {
        readonly type: "exec";
        readonly command: readonly string[];
        readonly env: Readonly<Record<string, string>>;
        readonly timeout_ms: number | null;
        readonly working_directory: string | null;
      };
    };
