// What every answer of the gateway has to look like, as assertions.
import assert from 'node:assert/strict';

const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function assertFreshRequestId(value) {
  assert.match(value ?? '(none)', kUuid, 'X-Request-ID is a fresh UUID');
}

// The fields of every response, streams and errors too.
export function assertSecurityFields(response, { isStream = false } = {}) {
  const once = (name, expected) => assert.deepEqual(response.headers.all(name), [expected], name);
  assert.equal(response.headers.all('x-request-id').length, 1, 'one X-Request-ID');
  once('x-content-type-options', 'nosniff');
  once('x-frame-options', 'DENY');
  once('content-security-policy', "default-src 'none'");
  once('referrer-policy', 'no-referrer');
  once('cache-control', isStream ? 'no-cache, no-store' : 'no-store');
  assert.ok(!response.headers.has('server'), 'no Server banner');
  assert.ok(!response.headers.has('x-powered-by'), 'no X-Powered-By banner');
}

// An error in the OpenAI schema: all four keys and nothing else.
export function assertErrorObject(error, { type, code, param } = {}) {
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type'], 'the four keys of an error');
  assert.equal(typeof error.message, 'string');
  assert.ok(error.message.length > 0, 'a message');
  if (type !== undefined) assert.equal(error.type, type, `type; message: ${error.message}`);
  if (code !== undefined) assertOneOf(error.code, code, `code; message: ${error.message}`);
  if (param !== undefined) assert.equal(error.param, param, `param; message: ${error.message}`);
}

// An answer of the gateway that is an error. `code` may be a list of codes the contract allows.
export function assertError(response, { status, type, code, param }) {
  assert.equal(response.status, status, `status; body: ${response.text.slice(0, 300)}`);
  assert.match(response.header('content-type') ?? '(none)', /^application\/json/);
  assertSecurityFields(response);
  assert.deepEqual(Object.keys(response.json), ['error']);
  assertErrorObject(response.json.error, { type, code, param });
}

// ---- event streams

// The events of a stream body: {event, data} where data is the joined data lines. Comments are listed apart.
export function parseEvents(text) {
  const list = [];
  const comments = [];
  for (const block of text.split('\n\n').filter((part) => part !== '')) {
    const entry = { lines: block.split('\n') };
    const dataLines = [];
    for (const line of entry.lines) {
      if (line.startsWith(':')) comments.push(line);
      else if (line.startsWith('data: ')) dataLines.push(line.slice(6));
      else if (line.startsWith('event: ')) entry.event = line.slice(7);
      else assert.fail(`not a line of an event stream: ${JSON.stringify(line)}`);
    }
    if (dataLines.length === 0) continue;
    assert.equal(dataLines.length, 1, `one data line per event: ${JSON.stringify(block.slice(0, 200))}`);
    list.push({ event: entry.event, data: dataLines[0] });
  }
  return { list, comments };
}

// A chat stream that ended as the contract says: exactly one [DONE], last. Returns the parsed values before it.
export function assertChatStream(response) {
  assert.equal(response.status, 200, `status; body: ${response.text.slice(0, 300)}`);
  assert.match(response.header('content-type') ?? '(none)', /^text\/event-stream/);
  assertSecurityFields(response, { isStream: true });
  assert.equal(response.header('x-accel-buffering'), 'no');
  assert.ok(!response.headers.has('content-length'), 'a stream has no length');
  assert.ok(
    response.text.endsWith('data: [DONE]\n\n'),
    `ends with [DONE]: …${JSON.stringify(response.text.slice(-200))}`,
  );
  const { list, comments } = parseEvents(response.text);
  assert.equal(list.filter(({ data }) => data === '[DONE]').length, 1, 'exactly one [DONE]');
  assert.ok(
    list.every(({ event }) => event === undefined),
    'no event names on chat streams',
  );
  assert.equal(response.isComplete, true);
  return { values: list.slice(0, -1).map(({ data }) => JSON.parse(data)), comments };
}

// A chat stream that failed after its first event: what came before, one error event, [DONE].
export function assertBrokenChatStream(response, { code = undefined, type = undefined } = {}) {
  const { values, comments } = assertChatStream(response);
  const error = values.at(-1)?.error;
  assert.ok(error, `the last event before [DONE] is an error: …${response.text.slice(-300)}`);
  assertErrorObject(error, { code, type });
  const before = values.slice(0, -1);
  assert.ok(
    before.every((value) => value.error === undefined),
    'one error event',
  );
  return { values: before, error, comments };
}

export function streamedText(values) {
  return values.map((value) => value.choices?.[0]?.delta?.content ?? '').join('');
}

export function assertOneOf(value, allowed, what) {
  const list = Array.isArray(allowed) ? allowed : [allowed];
  assert.ok(list.includes(value), `${what}: got ${JSON.stringify(value)}, expected ${JSON.stringify(allowed)}`);
}
