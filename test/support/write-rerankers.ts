import { type GgufTensor, type GgufValue, writeGguf } from "./write-gguf.ts";

const width = 32;
const heads = 4;
const hidden = 64;
const layers = 2;

/** Tokens that the written BERT takes unless told otherwise: the size of its position table. */
export const bertLength = 64;
/** What the written Qwen3 puts around query and document. */
export const qwenTemplate = "<|query|>{query}<|document|>{document}<|end|>";

const letters = Array.from("abcdefghijklmnopqrstuvwxyz0123456789.,?!");

/**
 * Writes a cross-encoder of BERT's kind as the converter does, which says no pooling: two layers of fixed random
 * weights, a vocabulary of letters, and a head of one score. `head: false`: an embedding model, the same without its
 * head. `labels`: names of what the head tells apart.
 */
export function writeBert(path: string, { head = true, labels = ["LABEL_0"], length = bertLength } = {}): void {
  const specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  // WordPiece as llama.cpp has it: what begins a word has a mark, not what goes on with it.
  const tokens = [...specials, ...letters.map((letter) => `▁${letter}`), ...letters, "▁"];
  const tensor = tensors(1);
  const dense = (name: string, from: number, to: number): GgufTensor[] => [
    tensor(`${name}.weight`, [from, to], 0.3),
    tensor(`${name}.bias`, [to], 0.1),
  ];
  const norm = (name: string): GgufTensor[] => [ones(`${name}.weight`), tensor(`${name}.bias`, [width], 0.1)];
  const block = (layer: number): GgufTensor[] => {
    const name = (part: string): string => `blk.${layer}.${part}`;
    return [
      ...["attn_q", "attn_k", "attn_v", "attn_output"].flatMap((part) => dense(name(part), width, width)),
      ...norm(name("attn_output_norm")),
      ...dense(name("ffn_up"), width, hidden),
      ...dense(name("ffn_down"), hidden, width),
      ...norm(name("layer_output_norm")),
    ];
  };
  writeGguf(path, {
    metadata: {
      ...sizes("bert", length),
      "bert.attention.layer_norm_epsilon": { float32: 1e-12 },
      "bert.attention.causal": false,
      ...(head && { "bert.classifier.output_labels": labels }),
      "tokenizer.ggml.model": "bert",
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": { int32s: tokens.map((_, id) => (id < specials.length ? 3 : 1)) },
      "tokenizer.ggml.token_type_count": 2,
      "tokenizer.ggml.padding_token_id": 0,
      "tokenizer.ggml.unknown_token_id": 1,
      "tokenizer.ggml.bos_token_id": 2,
      "tokenizer.ggml.eos_token_id": 3,
      "tokenizer.ggml.seperator_token_id": 3,
      "tokenizer.ggml.mask_token_id": 4,
      "tokenizer.ggml.add_bos_token": true,
      "tokenizer.ggml.add_eos_token": true,
      "tokenizer.ggml.add_sep_token": false,
    },
    tensors: [
      tensor("token_embd.weight", [width, tokens.length], 1),
      tensor("token_types.weight", [width, 2], 0.1),
      tensor("position_embd.weight", [width, length], 0.3),
      ...norm("token_embd_norm"),
      ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
      ...(head ? [...dense("cls", width, width), ...dense("cls.output", width, labels.length)] : []),
    ],
  });
}

/** Writes a reranker of Qwen3's kind: a causal model whose last token's vector says "yes" or "no", with a template. */
export function writeQwen(path: string, contextLength: number): void {
  const tokens = [...letters, "Ġ", "<|query|>", "<|document|>", "<|end|>"];
  const control = tokens.length - 3;
  const tensor = tensors(2);
  const block = (layer: number): GgufTensor[] => {
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    const headWidth = width / heads;
    return [
      ones(name("attn_norm")),
      ones(name("ffn_norm")),
      ones(name("attn_q_norm"), headWidth),
      ones(name("attn_k_norm"), headWidth),
      ...["attn_q", "attn_k", "attn_v", "attn_output"].map((part) => tensor(name(part), [width, width], 0.3)),
      ...["ffn_gate", "ffn_up"].map((part) => tensor(name(part), [width, hidden], 0.3)),
      tensor(name("ffn_down"), [hidden, width], 0.3),
    ];
  };
  writeGguf(path, {
    metadata: {
      ...sizes("qwen3", contextLength),
      "qwen3.attention.head_count_kv": heads,
      "qwen3.attention.key_length": width / heads,
      "qwen3.attention.value_length": width / heads,
      "qwen3.attention.layer_norm_rms_epsilon": { float32: 1e-6 },
      "qwen3.rope.freq_base": { float32: 10_000 },
      "qwen3.pooling_type": 4,
      "qwen3.classifier.output_labels": ["yes", "no"],
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "qwen2",
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.token_type": { int32s: tokens.map((_, id) => (id < control ? 1 : 3)) },
      "tokenizer.ggml.merges": [],
      "tokenizer.ggml.eos_token_id": tokens.length - 1,
      "tokenizer.chat_template.rerank": qwenTemplate,
    },
    tensors: [
      tensor("token_embd.weight", [width, tokens.length], 1),
      ones("output_norm.weight"),
      ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
      tensor("cls.output.weight", [width, 2], 1),
    ],
  });
}

function sizes(architecture: string, contextLength: number): Record<string, GgufValue> {
  return {
    "general.architecture": architecture,
    "general.name": `random ${architecture}`,
    [`${architecture}.context_length`]: contextLength,
    [`${architecture}.embedding_length`]: width,
    [`${architecture}.feed_forward_length`]: hidden,
    [`${architecture}.block_count`]: layers,
    [`${architecture}.attention.head_count`]: heads,
  };
}

function ones(name: string, length = width): GgufTensor {
  return { name, shape: [length], data: new Float32Array(length).fill(1) };
}

/** Makes tensors of random numbers around 0, the same for the same seed (https://en.wikipedia.org/wiki/Xorshift). */
function tensors(seed: number) {
  let state = seed;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  return (name: string, shape: readonly number[], scale: number): GgufTensor => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: Float32Array.from({ length }, () => random() * scale) };
  };
}
