import OpenAI from "openai";
import { expect, test } from "vitest";
import { startTokenwire } from "../support/tokenwire.ts";

const endless = {
  model: "tiny-guide",
  messages: [{ role: "user" as const, content: "Tell me a long story." }],
  max_tokens: 900,
  ignore_eos: true,
};

test("with interrupt_requests a new request ends a running stream early and well, and no other request", async () => {
  await using tokenwire = await startTokenwire({ args: ["--interrupt_requests", "true", "--n_slots", "1"] });
  const openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "None", maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    ...endless,
    stream: true,
    stream_options: { include_usage: true },
  });
  const whole: Promise<string | undefined>[] = [];
  const reasons = new Set<string>();
  let chunks = 0;
  let tokens: number | undefined;
  for await (const chunk of stream) {
    if (++chunks === 3) {
      for (const max_tokens of [40, 5]) {
        const answer = openai.chat.completions.create({ ...endless, max_tokens });
        whole.push(answer.then(({ choices, usage }) => `${choices[0]?.finish_reason} ${usage?.completion_tokens}`));
      }
    }
    const reason = chunk.choices[0]?.finish_reason;
    if (reason != null) reasons.add(reason);
    tokens = chunk.usage?.completion_tokens ?? tokens;
  }
  // The SDK has seen the [DONE]; the answer says that it is not the whole one.
  expect([...reasons]).toEqual(["length"]);
  expect(tokens).toBeGreaterThan(0);
  expect(tokens).toBeLessThan(900);
  expect(await Promise.all(whole)).toEqual(["length 40", "length 5"]);
  const metrics = await (await fetch(`${tokenwire.url}/metrics`)).text();
  expect(metrics).toMatch(/tokenwire_request_success_total\{.*finish_reason="interrupted"\} 1/);
});
