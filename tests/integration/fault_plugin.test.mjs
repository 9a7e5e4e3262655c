// The fault plugin behind a real gateway: what a client sees of each scenario where the route does not retry.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertBrokenChatStream, assertChatStream, assertError, parseEvents, streamedText } from './contract.mjs';
import { Gateway, kRoot } from './gateway.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { openaiClient } from './stage.mjs';

// What ends a silence here: the deadlines of the route, which are the gateway's.
const kFirstEventMs = 400;
const kGapMs = 300;
const kCallMs = 600;
const kSlackMs = 3000;

const kBroken = { status: 502, type: 'server_error', code: 'upstream_error' };
const kSilent = { status: 504, type: 'server_error', code: 'timeout' };

const folder = mkdtempSync(join(tmpdir(), 'sluice-fault-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// A gateway with these backends, the first of which gets what names none of them as its model.
async function start(backends) {
  const names = Object.keys(backends);
  const timeouts = { request_ms: kCallMs, first_event_ms: kFirstEventMs, event_gap_ms: kGapMs };
  const configuration = {
    server: { port: 0, state_dir: mkdtempSync(join(folder, 'state-')) },
    backends: Object.fromEntries(names.map((name) => [name, { plugin: 'fault.so', config: backends[name] }])),
    routes: [
      ...names.slice(1).map((name) => ({ match: { model: name }, backend: name, timeouts })),
      { backend: names[0], timeouts },
    ],
  };
  const config = join(configuration.server.state_dir, 'gateway.yaml');
  writeFileSync(config, JSON.stringify(configuration));
  const gateway = await Gateway.start({ config, stateDirectory: configuration.server.state_dir });
  after(async () => assert.equal((await gateway.stop()).code, 0, gateway.output));
  return gateway;
}

const gateway = await start({
  chosen: { header: true },
  deaf: {},
  scripted: { script: [{ scenario: 'rate_limited_once' }, { status: 503, times: 2 }, { scenario: 'ok' }] },
  repeating: { repeat: true, script: [{ status: 500 }, {}] },
  recovering: { script: [{ scenario: 'down', until_ms: 400 }] },
  chaotic: { script: [{ fault: 'reset', share: 0.3 }], seed: 7 },
});

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i).join(' ');
const ask = (fault, extra = {}) => chat(gateway, chatRequest(extra), { 'X-Sluice-Fault': fault });
const stream = (fault, extra = {}) => ask(fault, { stream: true, ...extra });
const statusOf = async (model) => (await chat(gateway, chatRequest({ model }))).status;

async function within(limitMs, work) {
  const begin = performance.now();
  const result = await work();
  const elapsed = performance.now() - begin;
  assert.ok(elapsed < limitMs, `${elapsed.toFixed(0)} ms, expected less than ${limitMs}`);
  return result;
}

// Each scenario has been asked for, whatever is added.
const seen = new Set();
function scenario(name, run) {
  seen.add(name);
  test(`fault: ${name}`, () => within(15_000, run));
}

// ---- good answers

scenario('ok', async () => {
  const plain = await ask('ok');
  assert.equal(plain.status, 200, plain.text);
  assert.equal(plain.json.choices[0].message.content, numbers(1, 60));
  assert.equal(plain.json.usage.completion_tokens, 60);
  assert.equal(plain.json.model, chatRequest().model);
  const { values } = assertChatStream(await stream('ok', { stream_options: { include_usage: true } }));
  assert.equal(streamedText(values), numbers(1, 60));
  assert.equal(values.at(-1).usage.completion_tokens, 60);
});

test('fault: the openai client reads all good answers', async () => {
  const client = openaiClient(gateway);
  const plain = await client.chat.completions.create(chatRequest());
  const streamed = await client.chat.completions.stream(chatRequest()).finalChatCompletion();
  assert.equal(plain.choices[0].message.content, streamed.choices[0].message.content);
  const response = await client.responses.create({ model: 'm', input: 'count' });
  assert.equal(response.output_text, numbers(1, 60));
  const events = client.responses.stream({ model: 'm', input: 'count' });
  assert.equal((await events.finalResponse()).output_text, numbers(1, 60));
  const completion = await client.completions.create({ model: 'm', prompt: 'count' });
  assert.equal(completion.choices[0].text, numbers(1, 60));
  let text = '';
  for await (const chunk of await client.completions.create({ model: 'm', prompt: 'count', stream: true }))
    text += chunk.choices[0].text;
  assert.equal(text, numbers(1, 60));
  const list = await client.embeddings.create({ model: 'm', input: 'count', encoding_format: 'float' });
  assert.equal(list.data[0].embedding.length, 4);
});

test('fault: an unknown path is 404, as an upstream says it', async () => {
  const response = await exchange(gateway, { method: 'POST', target: '/v1/nothing', body: {} });
  assert.equal(response.status, 404);
  assert.match(response.json.error.message, /Invalid URL \(POST \/v1\/nothing\)/);
});

// ---- error answers

for (const [name, status, code, retryAfter] of [
  ['rate_limited_once', 429, 'rate_limit_exceeded', '2'],
  ['rate_limited', 429, 'rate_limit_exceeded', undefined],
  ['failing_once', 500, null, undefined],
  ['unavailable', 503, 'overloaded', undefined],
  ['context_length', 400, 'context_length_exceeded', undefined],
  ['content_policy', 400, 'content_policy_violation', undefined],
  ['quota', 429, 'insufficient_quota', undefined],
  ['wrong_key', 401, 'invalid_api_key', undefined],
]) {
  scenario(name, async () => {
    for (const response of [await ask(name), await stream(name)]) {
      assert.equal(response.status, status, response.text);
      assert.equal(response.json.error.code, code);
      assert.equal(response.header('retry-after'), retryAfter);
    }
  });
}

scenario('html', async () => assertError(await ask('html'), kBroken));

scenario('prefill_refused', async () => {
  assertChatStream(await stream('prefill_refused'));
  const messages = [
    { role: 'user', content: 'count' },
    { role: 'assistant', content: numbers(1, 40) },
  ];
  const refused = await stream('prefill_refused', { messages });
  assert.equal(refused.status, 400);
  assert.match(refused.json.error.message, /prefill/);
  const { values } = assertChatStream(await stream('ok', { messages }));
  assert.equal(streamedText(values), ` ${numbers(41, 60)}`, 'another target goes on where the first one was cut');
});

// ---- no answer

for (const name of ['reset', 'reset_once', 'refused', 'down']) {
  scenario(name, async () => {
    assertError(await ask(name), kBroken);
    assertError(await stream(name), kBroken);
  });
}

scenario('silent', async () => {
  assertError(await within(kCallMs + kSlackMs, () => ask('silent')), kSilent);
  assertError(await within(kFirstEventMs + kSlackMs, () => stream('silent')), kSilent);
});

for (const name of ['slow_first_token', 'silent_after_head']) {
  scenario(name, async () => {
    assertError(await within(kFirstEventMs + kSlackMs, () => stream(name)), kSilent);
  });
}

test('fault: a first token that is late, but in time, is a good answer', async () => {
  const { values } = assertChatStream(await stream('slow_first_token;first_token_ms=200'));
  assert.equal(streamedText(values), numbers(1, 60));
});

// ---- broken streams

for (const [name, tokens] of [
  ['cut', 40],
  ['early_end', 40],
  ['bad_event', 10],
]) {
  scenario(name, async () => {
    const { values, error } = assertBrokenChatStream(await stream(name), { code: 'stream_error' });
    assert.equal(streamedText(values), numbers(1, tokens));
    assert.match(error.message, /upstream/);
    assertError(await ask(name), kBroken);
  });
}

scenario('silent_stream', async () => {
  const { values } = assertBrokenChatStream(await within(kGapMs + kSlackMs, () => stream('silent_stream')));
  assert.equal(streamedText(values), numbers(1, 10));
  assertChatStream(await stream('ok'));
});

scenario('error_in_stream', async () => {
  const { values, error } = assertBrokenChatStream(await stream('error_in_stream'));
  assert.equal(streamedText(values), numbers(1, 10));
  assert.equal(error.code, 'overloaded', 'relayed as it came');
  assertError(await ask('error_in_stream'), kBroken);
});

scenario('error_first', async () => {
  assertError(await stream('error_first'), { status: 503, type: 'server_error', code: 'overloaded' });
});

for (const name of ['no_terminator', 'left_open']) {
  scenario(name, async () => {
    const response = await within(kGapMs + kSlackMs, () => stream(name, { stream_options: { include_usage: true } }));
    const { values } = assertChatStream(response);
    assert.equal(streamedText(values), numbers(1, 60));
    assert.equal(values.at(-1).usage.completion_tokens, 60);
  });
}

scenario('wrong_length', async () => {
  assertError(await ask('wrong_length'), kBroken);
  assertChatStream(await stream('wrong_length'));
});

scenario('endless', async () => {
  const connection = await RawConnection.open(gateway.port);
  const headers = { 'X-Sluice-Fault': 'endless;token_ms=0' };
  const body = chatRequest({ stream: true });
  await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers, body }));
  const { headers: fields } = await connection.responseHead();
  let text = '';
  for (let piece = 0; piece < 200; ++piece) text += (await connection.chunk()).toString();
  assert.ok(text.includes('" 60"'), 'it goes on behind the last token');
  connection.close();
  const line = await gateway.accessLine(fields.get('x-request-id'));
  assert.equal(line.ended_by, 'client', JSON.stringify(line));
  assertError(await within(kCallMs + kSlackMs, () => ask('endless')), kSilent);
});

test('fault: a responses stream that is cut ends with an error event', async () => {
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/responses',
    headers: { 'X-Sluice-Fault': 'cut;after=3' },
    body: { model: 'm', input: 'count', stream: true },
  });
  const { list } = parseEvents(response.text);
  assert.equal(list.filter(({ event }) => event === 'response.output_text.delta').length, 3);
  assert.equal(list.at(-1).event, 'error');
});

// ---- whom it hits

test('fault: without the option the header is ignored', async () => {
  const response = await chat(gateway, chatRequest({ model: 'deaf' }), { 'X-Sluice-Fault': 'no such fault' });
  assert.equal(response.status, 200);
});

for (const [value, message] of [
  ['cutt', /found the scenario "cutt", expected one of ok, /],
  ['status=200', /status: found "200", expected a whole number from 400 to 599/],
  ['status=503, reset;share=2', /step 2: share: found "2", expected a number from 0 to 1/],
]) {
  test(`fault: the header ${value} is a clear error`, async () => {
    const response = await ask(value);
    assertError(response, { status: 400, type: 'invalid_request_error', code: 'invalid_header_value' });
    assert.match(response.json.error.message, message);
  });
}

test('fault: a header for another instance hits nothing here', async () => {
  assert.equal((await ask('at=chosen;status=503')).status, 503);
  assert.equal((await ask('at=fallback;status=503')).status, 200);
});

test('fault: requests take the steps of the script one after the other', async () => {
  const statuses = [];
  for (let request = 0; request < 6; ++request) statuses.push(await statusOf('scripted'));
  assert.deepEqual(statuses, [429, 200, 503, 503, 200, 200]);
});

test('fault: a script that repeats begins anew', async () => {
  const statuses = [];
  for (let request = 0; request < 5; ++request) statuses.push(await statusOf('repeating'));
  assert.deepEqual(statuses, [500, 200, 500, 200, 500]);
});

test('fault: an upstream that was down recovers in time', async () => {
  assert.equal(await statusOf('recovering'), 502);
  const begin = performance.now();
  while ((await statusOf('recovering')) !== 200) assert.ok(performance.now() - begin < 400 + kSlackMs);
  assert.equal(await statusOf('recovering'), 200);
});

test('fault: a share of the requests fails, the same ones in another gateway', async () => {
  const other = await start({ chaotic: { script: [{ fault: 'reset', share: 0.3 }], seed: 7 } });
  const run = async (where) => {
    let drawn = '';
    for (let request = 0; request < 60; ++request)
      drawn += (await chat(where, chatRequest({ model: 'chaotic' }))).status === 200 ? '.' : 'x';
    return drawn;
  };
  const first = await run(gateway);
  assert.match(first, /x.*x/);
  assert.match(first, /\..*\./);
  assert.equal(await run(other), first);
});

// ---- configuration

test('fault: a step that makes no sense stops the start with its path', async () => {
  const config = join(folder, 'wrong.yaml');
  const backend = { plugin: 'fault.so', config: { script: [{}, { fault: 'cut', status: 503 }] } };
  const stateDirectory = mkdtempSync(join(folder, 'state-'));
  const server = { port: 0, state_dir: stateDirectory };
  writeFileSync(config, JSON.stringify({ server, backends: { wrong: backend }, routes: [{ backend: 'wrong' }] }));
  const exit = await Gateway.runToExit({ config, stateDirectory });
  assert.notEqual(exit.code, 0);
  assert.match(exit.output, /script\[1\]: found status beside fault cut, expected one of them/);
});

test('fault: the example is a whole configuration', async () => {
  const text = readFileSync(join(kRoot, 'conf/examples/faults.yaml'), 'utf8');
  const config = join(folder, 'faults.yaml');
  const stateDirectory = mkdtempSync(join(folder, 'state-'));
  writeFileSync(config, `${text}\nserver: {port: 0, state_dir: ${stateDirectory}}\n`);
  const example = await Gateway.start({ config, stateDirectory });
  after(async () => assert.equal((await example.stop()).code, 0));
  assert.equal((await chat(example, chatRequest({ model: 'primary' }))).status, 429);
  assertBrokenChatStream(
    await chat(example, chatRequest({ model: 'chaos', stream: true }), { 'X-Sluice-Fault': 'cut;after=2' }),
  );
});

test('fault: every scenario was seen', () => {
  const schema = JSON.parse(readFileSync(join(kRoot, 'plugins/fault/config.schema.json'), 'utf8'));
  const known = schema.properties.script.items.properties.scenario.enum;
  assert.deepEqual([...seen].sort(), [...known].sort());
});
