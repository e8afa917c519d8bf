// A server in a process of its own, to be killed: `node rpc-server-process.ts ADDRESS` prints the address it bound.
import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { createRpcServer } from "../../services/rpc/server.ts";
import { aborted, inferenceHandlers, textEvent } from "./rpc.ts";

const server = createRpcServer({ onBug: (error) => console.error(error) });
server.add(
  InferenceService,
  inferenceHandlers({
    async *chat(_request, { signal }) {
      yield textEvent("first");
      await aborted(signal);
    },
  }),
);
console.log(await server.listen(process.argv[2] ?? "127.0.0.1:0"));
