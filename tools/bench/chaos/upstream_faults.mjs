// What an upstream does with one request: answers it well, or one of the faults. Each is a list of steps.
import { apiError } from '../../../tests/integration/openai_shapes.mjs';
import {
  body,
  chunk,
  events,
  finish,
  head,
  json,
  lastChunk,
  reset,
  send,
  sliced,
  stall,
  stream,
  streamHead,
  tell,
  wait,
} from '../../../tests/integration/upstream_steps.mjs';
import { completion, streamParts } from './numbered_answer.mjs';

// How often each comes up among the faults.
const kBoth = {
  reset_before_head: 4,
  close_before_head: 2,
  stall_before_head: 3,
  garbage: 2,
  status_429: 3,
  status_429_retry_after: 2,
  status_500: 3,
  status_503: 3,
  html_503: 2,
  html_200: 1,
};
const kPlain = { ...kBoth, reset_in_body: 4, close_in_body: 3, stall_in_body: 3, damaged_json: 3 };
const kStream = {
  ...kBoth,
  stall_before_event: 3,
  stall_between: 4,
  reset_in_stream: 4,
  close_in_stream: 3,
  no_terminator: 3,
  malformed_event: 3,
  error_first: 2,
  error_within: 3,
  broken_framing: 2,
};
const kWell = { at_once: 6, chunked: 2, sliced: 2, hangs_up: 1, says_close: 1 };
const kWellStream = { ...kWell, no_done: 1 };

const broke = (message, code = null) => apiError(message, 'server_error', { code });
const limited = (headers) => json(apiError('slow down', 'requests', { code: 'rate_limit_exceeded' }), { status: 429, headers });

const kAnyFault = {
  reset_before_head: () => [reset()],
  close_before_head: () => [finish()],
  stall_before_head: () => [stall()],
  garbage: () => [send('SSH-2.0-OpenSSH_9.6\r\n\x00\xff\x00\xff\r\n\r\n'), wait(20), finish()],
  status_429: () => [limited({})],
  status_429_retry_after: () => [limited({ 'retry-after': '1' })],
  status_500: () => [json(broke('it broke'), { status: 500 })],
  status_503: () => [json(broke('overloaded', 'overloaded'), { status: 503 })],
  html_503: () => [body('<html>no</html>', { status: 503, headers: { 'content-type': 'text/html' } })],
  html_200: () => [body('<html>login</html>', { headers: { 'content-type': 'text/html' } })],
};

function plainScript(kind, choices, order, maker, model) {
  const whole = Buffer.from(JSON.stringify(completion(order, maker, model)));
  const type = { 'content-type': 'application/json' };
  const part = whole.subarray(0, choices.between(1, whole.length - 1));
  const cut = [head(200, { ...type, 'content-length': whole.length }), send(part)];
  const makers = {
    ...kAnyFault,
    reset_in_body: () => [...cut, wait(choices.between(0, 30)), reset()],
    close_in_body: () => [...cut, finish()],
    stall_in_body: () => [...cut, stall()],
    damaged_json: () => [json(part)],
    at_once: () => [wait(order.gapMs), json(whole)],
    chunked: () => [head(200, { ...type, 'transfer-encoding': 'chunked' }), ...sliced(whole, 97).map(chunk), lastChunk()],
    sliced: () => [head(200, { ...type, 'content-length': whole.length }), ...sliced(whole, 211).flatMap((piece) => [send(piece), wait(1)])],
    hangs_up: () => [json(whole), wait(choices.between(0, 60)), finish()],
    says_close: () => [json(whole, { headers: { connection: 'close' } }), finish()],
  };
  return makers[kind]();
}

function streamScript(kind, choices, order, maker, model, hasUsage) {
  const parts = streamParts(order, maker, model, hasUsage);
  const all = [parts.role, ...parts.texts, parts.finish, ...parts.usage, parts.done];
  // A cut comes after at least the role and before the finish reason.
  const begin = [parts.role, ...parts.texts.slice(0, choices.between(0, parts.texts.length))];
  const paced = (list) => events(list, { gapMs: order.gapMs });
  const broken = [streamHead(), paced(begin)];
  const makers = {
    ...kAnyFault,
    stall_before_event: () => [streamHead(), stall()],
    stall_between: () => [...broken, stall()],
    reset_in_stream: () => [...broken, reset()],
    close_in_stream: () => [...broken, finish()],
    no_terminator: () => [...broken, lastChunk()],
    malformed_event: () => [...broken, chunk('data: {"choices":[{"index":0,"del\n\n'), paced([parts.finish, parts.done]), lastChunk()],
    error_first: () => [streamHead(), chunk(`data: ${JSON.stringify(broke('overloaded', 'overloaded'))}\n\n`), lastChunk()],
    error_within: () => [...broken, chunk(`data: ${JSON.stringify(broke('gone wrong', 'overloaded'))}\n\n`), lastChunk()],
    broken_framing: () => [...broken, send('zz\r\nno chunk\r\n'), finish()],
    at_once: () => [stream(all, { gapMs: order.gapMs })],
    chunked: () => [streamHead(), chunk(all.join('')), lastChunk()],
    sliced: () => [streamHead(), ...sliced(all.join(''), 173).flatMap((piece) => [chunk(piece), wait(1)]), lastChunk()],
    hangs_up: () => [stream(all, { gapMs: order.gapMs }), wait(choices.between(0, 60)), finish()],
    says_close: () => [stream(all, { headers: { connection: 'close' } }), finish()],
    no_done: () => [streamHead(), paced(all.slice(0, -1)), lastChunk()],
  };
  return makers[kind]();
}

// The steps for one request, with the name of what they do. `faultRate`: how likely it is a fault. `onWhole` is called
// when a good answer has been sent to its last byte.
export function scriptFor({ choices, faultRate, order, maker, asked, onWhole }) {
  const isStream = asked.stream === true;
  const isFault = choices.chance(faultRate);
  const kind = choices.weighted(isFault ? (isStream ? kStream : kPlain) : isStream ? kWellStream : kWell);
  const steps = isStream
    ? streamScript(kind, choices, order, maker, asked.model, asked.stream_options?.include_usage === true)
    : plainScript(kind, choices, order, maker, asked.model);
  return { kind, isFault, steps: isFault ? steps : [...steps, tell(onWhole)] };
}
