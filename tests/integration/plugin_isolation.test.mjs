// Backends that run in processes of their own, as clients see them: no different from those in the gateway.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway, isInstrumented, kUpstreamKey } from './gateway.mjs';
import { isolatedConfiguration } from './isolated_configuration.mjs';
import { chatCompletion, chatRequest, chatStream, modelList, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { argumentsOf, descendantsOf, descriptorsOf, isAlive } from './process_table.mjs';
import { openaiClient } from './stage.mjs';
import { events, flood, json, stall, stream, streamHead } from './upstream_steps.mjs';

const kMebibyte = 1024 * 1024;
const upstream = await FakeUpstream.start();
const isolated = (plugin, config = {}) => ({ plugin, isolation: 'process', config });
const gateway = await Gateway.start({
  upstream,
  config: isolatedConfiguration({
    backends: {
      openai: isolated('openai.so', { base_url: upstream.baseUrl, api_key: kUpstreamKey }),
      echo: isolated('echo.so'),
      'echo-inside': { plugin: 'echo.so' },
    },
    routes: [
      { match: { model: 'echo' }, backend: 'echo' },
      { match: { model: 'inside' }, backend: 'echo-inside' },
      { backend: 'openai' },
    ],
  }),
});
after(async () => {
  const children = descendantsOf(gateway.pid);
  const exit = await gateway.stop();
  await upstream.stop();
  assert.equal(exit.code, 0, gateway.output);
  assert.deepEqual(children.filter(isAlive), [], 'processes that outlived the gateway');
});
const client = openaiClient(gateway);
const processOf = (instance) => descendantsOf(gateway.pid).find((pid) => argumentsOf(pid).at(-1) === instance);

beforeEach(() => upstream.forget());

test('isolation: each instance has one process, with nothing of the gateway open but its sockets', () => {
  for (const instance of ['openai', 'echo']) {
    const pid = processOf(instance);
    assert.ok(pid, `a process for ${instance}`);
    const inherited = descriptorsOf(pid).filter(([, target]) => !/^(socket|anon_inode|pipe):|^\/dev\/null$/.test(target));
    assert.deepEqual(inherited, []);
  }
});

test('isolation: a plain answer and a stream come through, with usage and headers', async () => {
  upstream.answer(json(chatCompletion('one'), { headers: { 'X-Upstream': 'yes' } }));
  const plain = await chat(gateway, chatRequest());
  assert.equal(plain.json.choices[0].message.content, 'one');
  assert.equal(plain.status, 200);
  upstream.forget();
  upstream.answer(stream(chatStream(['Hel', 'lo'], { usage: true })));
  const streamed = await client.chat.completions.stream(chatRequest()).finalChatCompletion();
  assert.equal(streamed.choices[0].message.content, 'Hello');
});

test('isolation: a synchronous plugin answers, streamed and not', async () => {
  const request = chatRequest({ model: 'echo', messages: [{ role: 'user', content: 'good morning to you' }] });
  const plain = await client.chat.completions.create(request);
  assert.equal(plain.choices[0].message.content, 'good morning to you');
  const streamed = await client.chat.completions.stream(request).finalChatCompletion();
  assert.equal(streamed.choices[0].message.content, 'good morning to you');
});

test('isolation: an error of the upstream keeps its status and its words', async () => {
  upstream.answer(json({ error: { message: 'no', type: 'invalid_request_error', param: 'n', code: 'odd' } }, { status: 422 }));
  const answer = await chat(gateway, chatRequest());
  assert.equal(answer.status, 422);
  assert.equal(answer.json.error.code, 'odd');
});

test('isolation: models and health are asked for in the process', async () => {
  upstream.answerOn('GET /v1/models', json(modelList(['from-upstream'])));
  const health = await exchange(gateway, { target: '/health' });
  assert.equal(health.status, 200, health.body?.toString());
  const models = await exchange(gateway, { target: '/v1/models' });
  assert.ok(models.json.data.some(({ id }) => id === 'echo'));
});

test('isolation: a client that leaves is noticed by the plugin', async (t) => {
  upstream.answer(stall());
  const controller = new AbortController();
  const pending = client.chat.completions.create(chatRequest(), { signal: controller.signal });
  const request = await upstream.request();
  await delay(100);
  const leftAt = performance.now();
  controller.abort();
  await assert.rejects(pending);
  await request.connection.left;
  t.diagnostic(`upstream closed ${(performance.now() - leftAt).toFixed(1)} ms after the client left`);
});

test('isolation: a body of 8 MB is streamed to the upstream', async () => {
  upstream.answer(json({ ok: true }));
  const sent = Buffer.alloc(8 * kMebibyte, 'b');
  const answer = await exchange(gateway, {
    method: 'POST',
    target: '/v1/files',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: sent,
    limitMs: 30_000,
  });
  assert.equal(answer.status, 200);
  assert.equal(upstream.lastRequest.body.length, sent.length);
});

test(
  'isolation: a slow reader of a 64 MB stream raises neither process by much',
  { skip: isInstrumented() && 'memory of an instrumented build means nothing' },
  async (t) => {
    upstream.answer(streamHead(), events([roleEvent()]), flood(textEvent('s'.repeat(16_000)), 64 * kMebibyte));
    const connection = await RawConnection.open(gateway.port);
    connection.socket.pause();
    const before = gateway.residentBytes();
    await connection.send(
      requestBytes({ method: 'POST', target: '/v1/chat/completions', body: chatRequest({ stream: true }) }),
    );
    await upstream.request();
    let highest = before;
    for (let round = 0; round < 20; ++round) {
      await delay(50);
      highest = Math.max(highest, gateway.residentBytes());
    }
    const rose = highest - before;
    t.diagnostic(`the gateway rose by ${(rose / 1024).toFixed(0)} KiB`);
    connection.close();
    assert.ok(rose < 4 * kMebibyte, `rose by ${rose} bytes`);
  },
);

test('isolation: fifty calls at once get their own answers', async () => {
  const texts = Array.from({ length: 50 }, (_, index) => `caller ${index} speaking`);
  const answers = await Promise.all(
    texts.map((content) =>
      client.chat.completions.stream(chatRequest({ model: 'echo', messages: [{ role: 'user', content }] })).finalContent(),
    ),
  );
  assert.deepEqual(answers, texts);
});

// Sends one call after the other on one connection; the median in microseconds.
async function medianOf(model) {
  const request = chatRequest({ model, messages: [{ role: 'user', content: 'x' }] });
  const bytes = requestBytes({ method: 'POST', target: '/v1/chat/completions', body: request });
  const connection = await RawConnection.open(gateway.port);
  const times = [];
  for (let round = 0; round < 500; ++round) {
    const began = performance.now();
    await connection.send(bytes);
    await connection.response({ method: 'POST' });
    times.push((performance.now() - began) * 1000);
  }
  connection.close();
  return times.sort((a, b) => a - b)[times.length / 2];
}

test('isolation: what a call costs is told', async (t) => {
  const inside = await medianOf('inside');
  const isolated = await medianOf('echo');
  t.diagnostic(`median of a call: ${inside.toFixed(0)} us in the gateway, ${isolated.toFixed(0)} us in a process`);
});
