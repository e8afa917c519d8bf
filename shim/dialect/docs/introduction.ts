/** What the document says before the routes: how to call, and what else there is. Markdown. */
export function introduction({
  serverUrl,
  withKey,
}: {
  readonly serverUrl: string;
  readonly withKey: boolean;
}): string {
  const key = withKey ? ' -H "authorization: Bearer KEY"' : "";
  return `OpenAI-compatible REST API for GGUF models: \`${serverUrl}/v1\` is the base URL for OpenAI's clients.

- \`null\` means the same as a field that is left out.
- A field that nobody knows is ignored and named in the \`warning\` header; one that is known and not served is refused.
- Every answer has an \`x-request-id\`, which the server's log has too; a caller may send its own.
- With \`"stream": true\` the answer comes as server-sent events, and ends with \`data: [DONE]\`.

\`\`\`bash
curl ${serverUrl}/v1/chat/completions -H "content-type: application/json"${key} \\
  -d '{"messages": [{"role": "user", "content": "Hello!"}]}'
\`\`\`

### gRPC

The same models answer over gRPC (\`tokenwire.v1\`) on a port of its own, 50051 unless \`grpc_port\` says otherwise. The server
has reflection and the standard health service:

\`\`\`bash
grpcurl -plaintext${withKey ? ' -H "x-api-key: KEY"' : ""} -d '{"messages": [{"role": "ROLE_USER", "content": [{"text": "Hello!"}]}]}' \\
  127.0.0.1:50051 tokenwire.v1.InferenceService/Chat
\`\`\`

### tRPC

TypeScript frontends call the router at \`${serverUrl}/trpc\` with its types:

\`\`\`ts
import { createTrpcClient } from "tokenwire/trpc";

const trpc = createTrpcClient({ url: "${serverUrl}/trpc"${withKey ? ', headers: { authorization: "Bearer KEY" }' : ""} });
const messages = [{ role: "user" as const, content: "Hello!" }];
for await (const event of await trpc.chat.mutate({ messages }))
  if (event.type === "text") console.log(event.text);
\`\`\`
`;
}
