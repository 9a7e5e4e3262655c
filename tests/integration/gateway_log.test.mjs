import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { kUpstreamKey } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, chatStream, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { kClientKey, stage } from './stage.mjs';
import { events, finish, json, stall, stream, streamHead, wait } from './upstream_steps.mjs';

const kPrompt = 'a-secret-prompt-4711';
const kAnswer = 'a-secret-answer-0815';
const { upstream, gateway } = await stage();
const { upstream: chattyUpstream, gateway: chatty } = await stage({ env: { LOG_LEVEL: 'trace' } });
const request = (extra = {}) => chatRequest({ messages: [{ role: 'user', content: kPrompt }], ...extra });

beforeEach(() => {
  for (const each of [upstream, chattyUpstream]) {
    each.forget();
    each.answer(json(chatCompletion(kAnswer)));
  }
});

async function lineOf(id, send, target = gateway) {
  await send({ 'X-Request-ID': id });
  return target.accessLine(id);
}

test('log: a request is one line with everything that is promised', async () => {
  const key = { Authorization: `Bearer ${kClientKey}` };
  const line = await lineOf('log-1', (headers) => chat(gateway, request(), { ...headers, ...key }));
  assert.equal(line.request_id, 'log-1');
  assert.ok(Math.abs(new Date(line.time) - Date.now()) < 60_000, `time ${line.time}`);
  assert.equal(line.backend_mode, 'openai-passthrough');
  assert.equal(line.status, 200);
  assert.ok(line.duration_ms >= 0 && line.duration_ms < 5000, `duration_ms ${line.duration_ms}`);
  assert.equal(line.attempts, 1);
  assert.ok(line.bytes_in >= Buffer.byteLength(JSON.stringify(request())), `bytes_in ${line.bytes_in}`);
  assert.ok(
    line.bytes_out >= Buffer.byteLength(JSON.stringify(chatCompletion(kAnswer))),
    `bytes_out ${line.bytes_out}`,
  );
  for (const name of ['route', 'ended_by']) {
    assert.ok(typeof line[name] === 'string' && line[name] !== '', `${name} in ${JSON.stringify(line)}`);
  }
  const isLine = (entry) => entry.request_id === 'log-1' && entry.status !== undefined;
  assert.equal(gateway.logLines.filter(isLine).length, 1);
});

test('log: the line is written within 100 ms of the end of the request', async () => {
  await chat(gateway, request(), { 'X-Request-ID': 'log-2' });
  await delay(150);
  assert.ok(gateway.logLines.some(({ request_id: id }) => id === 'log-2'));
});

test('log: streams, errors, unknown routes and refused requests have their line with the status', async () => {
  upstream.answer(stream(chatStream([kAnswer])));
  assert.equal((await lineOf('log-3', (headers) => chat(gateway, request({ stream: true }), headers))).status, 200);
  upstream.answer(json(apiError('no', 'server_error'), { status: 500 }));
  assert.equal((await lineOf('log-4', (headers) => chat(gateway, request(), headers))).status, 500);
  assert.equal((await lineOf('log-5', (headers) => exchange(gateway, { target: '/nowhere', headers }))).status, 404);
  assert.equal((await lineOf('log-6', (headers) => chat(gateway, '{', headers))).status, 400);
  assert.equal(
    (await lineOf('log-7', (headers) => exchange(gateway, { method: 'PUT', target: '/health', headers }))).status,
    405,
  );
});

test('log: who ended a request differs between the server, a client that left and an upstream that dropped', async () => {
  const enders = [];
  const ender = (line) => [line.ended_by, line.phase, line.error_code].join(' ');
  enders.push(ender(await lineOf('log-8', (headers) => chat(gateway, request(), headers))));

  upstream.answer(streamHead(), events([roleEvent(), textEvent('x')]), stall());
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/chat/completions',
      headers: { 'X-Request-ID': 'log-9' },
      body: request({ stream: true }),
    }),
  );
  await connection.responseHead();
  connection.reset();
  enders.push(ender(await gateway.accessLine('log-9')));

  upstream.answer(streamHead(), events([roleEvent(), textEvent('x')]), wait(20), finish());
  enders.push(ender(await lineOf('log-10', (headers) => chat(gateway, request({ stream: true }), headers))));
  assert.equal(new Set(enders).size, 3, `three different ends: ${JSON.stringify(enders)}`);
});

test('log: prompts, answers and keys stand nowhere in it, whatever happens', async () => {
  const keys = { Authorization: `Bearer ${kClientKey}`, 'X-OpenAI-API-Key': 'sk-own-secret-99887766' };
  for (const target of [gateway, chatty]) {
    const from = target === gateway ? upstream : chattyUpstream;
    await chat(target, request(), keys);
    from.answer(stream(chatStream([kAnswer])));
    await chat(target, request({ stream: true }), keys);
    from.answer(json(apiError(`${kAnswer} ${kUpstreamKey}`, 'server_error'), { status: 401 }));
    await chat(target, request(), keys);
    from.answer(streamHead(), events([roleEvent(), textEvent(kAnswer)]), wait(10), finish());
    await chat(target, request({ stream: true }), keys);
    await chat(target, `{"model":"gpt-4o-mini","messages":"${kPrompt}`, keys);
    await chat(target, request({ model: 'echo' }), keys);
    await exchange(target, { target: `/v1/models?api_key=${kClientKey}` });
    await delay(200);
    const output = target.stdout + target.stderr;
    for (const secret of [kPrompt, kAnswer, kUpstreamKey, kClientKey, keys['X-OpenAI-API-Key']])
      assert.ok(!output.includes(secret), `${secret} is logged`);
  }
});

test('log: every line on stdout is one JSON object', async () => {
  await chat(gateway, request(), { 'X-Request-ID': 'quote"back\\slash', 'User-Agent': 'agent "x"\\' });
  await delay(150);
  for (const line of gateway.stdout.split('\n').filter(Boolean)) {
    assert.doesNotThrow(() => JSON.parse(line), `not JSON: ${line.slice(0, 200)}`);
  }
});

test('log: a request id cannot forge a line', async () => {
  const id = '{"event":"forged"}';
  const line = await lineOf(id, (headers) => chat(gateway, request(), headers));
  assert.equal(line.request_id, id);
  assert.ok(!gateway.logLines.some(({ event }) => event === 'forged'));
});
