// An answer whose every piece says which request it belongs to, which attempt of which upstream made it, and which piece
// it is: whoever reads it knows whether it is whole, and whether two attempts were mixed.
import { chatCompletion, deltaChunk, chunkOf, event, kDone } from '../../../tests/integration/openai_shapes.mjs';

// What a client asks: the upstream finds the order in it.
export function orderText({ id, pieces, gapMs }) {
  return `chaos id=${id} pieces=${pieces} gap=${gapMs}`;
}

// The order in a request's body; undefined where there is none.
export function orderOf(body) {
  const match = /chaos id=(\S+) pieces=(\d+) gap=(\d+)/.exec(body);
  return match ? { id: match[1], pieces: Number(match[2]), gapMs: Number(match[3]) } : undefined;
}

// `maker` is the upstream and the number of its attempt, such as "a.1".
export function pieceText(id, maker, index) {
  return `${index}:${id}@${maker} \u00fc\u20ac\u{1f600}; `;
}

export function piecesOf({ id, pieces }, maker) {
  return Array.from({ length: pieces }, (_, index) => pieceText(id, maker, index));
}

export function usageOf({ id, pieces }) {
  return { prompt_tokens: id.length, completion_tokens: pieces, total_tokens: id.length + pieces };
}

export function completion(order, maker, model) {
  const extra = { model, usage: usageOf(order), system_fingerprint: maker };
  return chatCompletion(piecesOf(order, maker).join(''), extra);
}

// The events of a whole stream, in parts that faults come between.
export function streamParts(order, maker, model, hasUsage) {
  const extra = { model, system_fingerprint: maker };
  return {
    role: event(deltaChunk({ role: 'assistant', content: '' }, null, extra)),
    texts: piecesOf(order, maker).map((text) => event(deltaChunk({ content: text }, null, extra))),
    finish: event(deltaChunk({}, 'stop', extra)),
    usage: hasUsage ? [event(chunkOf([], { ...extra, usage: usageOf(order) }))] : [],
    done: kDone,
  };
}
