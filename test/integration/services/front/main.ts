// A front in a process of its own, to be killed: prints `address pid-of-a pid-of-b` when its two models are loaded.
import { startTestServices } from "../support.ts";

const { services } = await startTestServices({ models: { a: "fake.gguf", b: "fake.gguf" } });
console.log(services.address, services.pid("a"), services.pid("b"));
