// What a fake upstream can do with a request, one small step each. A step is `async (exchange) => …`; a script is a list of
// steps: `upstream.answer(head(200, {…}), send('…'), wait(20), cut())`.
import { setTimeout as delay } from 'node:timers/promises';

const kReasons = new Map([
  [200, 'OK'],
  [201, 'Created'],
  [204, 'No Content'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [307, 'Temporary Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [409, 'Conflict'],
  [422, 'Unprocessable Entity'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
]);

const kEventStream = { 'content-type': 'text/event-stream; charset=utf-8' };

// ---- raw steps

// The status line and fields; `fields` is an object or a list of pairs (for repeated names).
export function head(status, fields = {}) {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
  const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (exchange) => exchange.write(`HTTP/1.1 ${status} ${kReasons.get(status) ?? 'Status'}\r\n${lines}\r\n`);
}

// Bytes as they are, outside of any framing.
export function send(bytes) {
  return (exchange) => exchange.write(bytes);
}

export function wait(milliseconds) {
  return (exchange) => Promise.race([delay(milliseconds), exchange.connection.left]);
}

// Goes on when the promise settles or the gateway has left.
export function until(promise) {
  return (exchange) => Promise.race([promise, exchange.connection.left]);
}

// Sends nothing more and keeps the connection open until the gateway leaves.
export function stall() {
  return (exchange) => exchange.connection.left;
}

// Ends the connection with FIN.
export function finish() {
  return (exchange) => {
    exchange.keepsAlive = false;
    exchange.socket.end();
  };
}

// Ends the connection with RST.
export function reset() {
  return (exchange) => {
    exchange.keepsAlive = false;
    exchange.socket.resetAndDestroy();
  };
}

// Calls a function of the test at this point of the script.
export function tell(callback) {
  return (exchange) => callback(exchange);
}

// ---- chunked framing

export function chunk(bytes) {
  const data = Buffer.from(bytes);
  return (exchange) =>
    exchange.write(Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]));
}

export function lastChunk() {
  return send('0\r\n\r\n');
}

// ---- whole answers

// A body with its length. `value` is sent as it is if it is a string or bytes, else as JSON.
export function json(value, { status = 200, headers = {} } = {}) {
  const isRaw = typeof value === 'string' || Buffer.isBuffer(value);
  return body(isRaw ? value : JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

// As json(), with no content type of its own.
export function body(bytes, { status = 200, headers = {} } = {}) {
  const data = Buffer.from(bytes);
  const fields = Object.entries({ ...headers, 'content-length': data.length })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const answerHead = Buffer.from(`HTTP/1.1 ${status} ${kReasons.get(status) ?? 'Status'}\r\n${fields}\r\n`);
  return (exchange) =>
    exchange.write(exchange.request.method === 'HEAD' ? answerHead : Buffer.concat([answerHead, data]));
}

// The head of an event stream, in chunked framing.
export function streamHead(headers = {}) {
  return head(200, { ...kEventStream, 'transfer-encoding': 'chunked', ...headers });
}

// Event bytes, each piece in a chunk and, with a gap, in a packet of its own.
export function events(pieces, { gapMs = 0 } = {}) {
  return async (exchange) => {
    for (const piece of pieces) {
      await chunk(piece)(exchange);
      if (gapMs > 0) await wait(gapMs)(exchange);
    }
  };
}

// A whole event stream in chunked framing.
export function stream(pieces, { headers = {}, gapMs = 0 } = {}) {
  return inOrder(streamHead(headers), events(pieces, { gapMs }), lastChunk());
}

// A whole event stream that ends with the connection (HTTP/1.0 style).
export function streamUntilClose(pieces, { headers = {}, gapMs = 0 } = {}) {
  const sends = pieces.flatMap((piece) => (gapMs > 0 ? [send(piece), wait(gapMs)] : [send(piece)]));
  return inOrder(head(200, { ...kEventStream, connection: 'close', ...headers }), ...sends, finish());
}

// An endless supply of one event, up to `totalBytes`, as fast as the gateway takes it. `onProgress(bytes)` hears how many
// bytes the kernel has accepted so far.
export function flood(event, totalBytes, onProgress = () => {}) {
  const data = Buffer.from(event);
  const framed = Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
  return async (exchange) => {
    for (let sent = 0; sent < totalBytes && !exchange.isGone; sent += data.length) {
      await exchange.write(framed);
      onProgress(sent + data.length);
    }
  };
}

export function inOrder(...steps) {
  return async (exchange) => {
    for (const step of steps) {
      if (exchange.isGone) return;
      await step(exchange);
    }
  };
}

// ---- ways to cut bytes

// The bytes in slices of `size`, so that every boundary is met: inside CRLF, inside UTF-8, inside `data:`.
export function sliced(text, size) {
  const bytes = Buffer.from(text);
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
