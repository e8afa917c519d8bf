import { parseArgs } from "node:util";
import { GrammarMatcher, TokenGrammar } from "../services/engine/grammar/matcher/grammar-matcher.ts";
import { compileGrammar } from "../services/engine/grammar/program/compile-grammar.ts";
import { grammarText, GrammarVocabulary } from "../services/engine/grammar/vocabulary/grammar-vocabulary.ts";
import { buildTokenTrie } from "../services/engine/grammar/vocabulary/token-trie.ts";
import { seededRandom } from "./measure/statistics.ts";
import { madeUpTokens } from "./vocabulary/made-up-tokens.ts";
import { schemaToGbnf } from "../services/engine/schema/schema-to-gbnf.ts";

// How long the masks of a JSON schema take over a vocabulary that is made up: words, their parts, signs and characters
// of other scripts, as large vocabularies have them. Prints one line of JSON.
const { values } = parseArgs({
  options: {
    tokens: { type: "string", default: "262144" },
    answers: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});

const random = seededRandom(Number(values.seed));
const texts = madeUpVocabulary(madeUpTokens(Number(values.tokens) - 257, random));
const { value: trie, ms: trieMs } = timed(() =>
  buildTokenTrie(Array.from({ length: texts.size }, (_, token) => grammarText(texts, token, false))),
);
const vocabulary = new GrammarVocabulary(texts, { keepControl: false, trie });

const schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    title: { type: "string", maxLength: 80 },
    kind: { enum: ["person", "place", "thing"] },
    tags: { type: "array", items: { type: "string", pattern: "^[a-z]+(-[a-z]+)*$" }, maxItems: 5 },
    size: { type: "number", minimum: 0 },
    parts: {
      type: "array",
      items: { type: "object", properties: { id: { type: "integer" }, note: { type: "string" } } },
    },
  },
  required: ["name", "title", "kind", "tags", "size", "parts"],
};
const compile = timed(() => new TokenGrammar(compileGrammar(schemaToGbnf(schema)), vocabulary));
const [first = [], ...later] = Array.from({ length: Number(values.answers) }, () => answer(compile.value));

console.log(
  JSON.stringify({
    tokens: vocabulary.size,
    trieNodes: vocabulary.trie.bytes.length,
    trieMs,
    compileMs: compile.ms,
    firstAnswer: summary(first),
    laterAnswers: summary(later.flat()),
    states: compile.value.automaton.bytes,
  }),
);

/** The times of all masks of one answer, of tokens that are drawn from them. */
function answer(grammar: TokenGrammar): number[] {
  const matcher = new GrammarMatcher(grammar);
  const tokens = new Int32Array(vocabulary.size);
  const times: number[] = [];
  while (times.length < 300) {
    const { value: mask, ms } = timed(() => matcher.mask(Infinity));
    times.push(ms);
    if (mask === undefined || matcher.isComplete) break;
    matcher.accept(tokens[Math.floor(random() * mask.list(tokens))] ?? 0);
  }
  return times;
}

function summary(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(4));
  return { masks: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function timed<T>(work: () => T): { value: T; ms: number } {
  // The CPU's time: others may be busy.
  const begin = process.threadCpuUsage();
  const value = work();
  const { user, system } = process.threadCpuUsage(begin);
  return { value, ms: (user + system) / 1000 };
}

/** Single bytes, then the words, then the end. */
function madeUpVocabulary(words: readonly string[]) {
  const texts = [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...words.map((word) => Buffer.from(word)),
  ];
  const end = texts.push(Buffer.from("<end>")) - 1;
  return {
    size: texts.length,
    text: (token: number) => texts[token] ?? new Uint8Array(),
    isControl: () => false,
    isEog: (token: number) => token === end,
    eogTokens: [end],
  };
}
