import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertBrokenChatStream, assertChatStream, streamedText } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { RawConnection, requestBytes } from './raw_http.mjs';
import { events, json, lastChunk, stall, streamHead, wait } from './upstream_steps.mjs';

// A deadline of half a second, the closing of connections and a busy machine.
const kLateMs = 4500;
const post = (body) => requestBytes({ method: 'POST', target: '/v1/chat/completions', body });

// Runs `use` with a gateway of its own, which `use` shuts down.
async function withGateway(env, use, settings) {
  const upstream = await FakeUpstream.start();
  const gateway = await Gateway.start({ upstream, env, settings });
  try {
    await use(gateway, upstream);
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`shutdown: an idle gateway ends at once with 0 on ${signal}`, async (t) => {
    await withGateway({}, async (gateway) => {
      const idle = await RawConnection.open(gateway.port);
      await idle.send(requestBytes({ target: '/health' }));
      await idle.response();
      const started = performance.now();
      gateway.signal(signal);
      const exit = await gateway.exited;
      const elapsedMs = performance.now() - started;
      t.diagnostic(`ended after ${elapsedMs.toFixed(0)} ms`);
      assert.deepEqual([exit.code, exit.signal], [0, null], gateway.output);
      assert.ok(elapsedMs < 2000);
      await idle.closedWithin(1000);
      idle.close();
    });
  });
}

test('shutdown: running answers are drained, then the exit is 0', async () => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '8000' }, async (gateway, upstream) => {
    upstream.answerNext(streamHead(), events(chatStream(['a', 'b', 'c', 'd']), { gapMs: 150 }), lastChunk());
    upstream.answerNext(wait(500), json(chatCompletion('plain')));
    const [streaming, plain] = [await RawConnection.open(gateway.port), await RawConnection.open(gateway.port)];
    await streaming.send(post(chatRequest({ stream: true })));
    await upstream.request(0);
    await plain.send(post(chatRequest()));
    await upstream.request(1);
    gateway.signal('SIGTERM');
    const [streamed, answered] = await Promise.all([streaming.response(), plain.response()]);
    assert.equal(streamedText(assertChatStream(streamed).values), 'abcd');
    assert.equal(answered.json.choices[0].message.content, 'plain');
    await Promise.all([streaming.closedWithin(2000), plain.closedWithin(2000)]);
    assert.equal((await gateway.exited).code, 0, gateway.output);
  });
});

test('shutdown: no new connection is accepted and idle ones are closed while answers drain', async () => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '8000' }, async (gateway, upstream) => {
    upstream.answer(wait(800), json(chatCompletion('drained')));
    const idle = await RawConnection.open(gateway.port);
    await idle.send(requestBytes({ target: '/health' }));
    await idle.response();
    const busy = await RawConnection.open(gateway.port);
    await busy.send(post(chatRequest()));
    await upstream.request();
    gateway.signal('SIGTERM');
    await idle.closedWithin(700);
    const late = await RawConnection.open(gateway.port).catch((error) => error);
    if (late instanceof RawConnection) {
      await late.send(requestBytes({ target: '/health' }));
      const answer = await late.response().catch(() => undefined);
      if (answer) assert.equal(answer.status, 503);
      late.close();
    } else {
      assert.equal(late.code, 'ECONNREFUSED');
    }
    assert.equal((await busy.response()).json.choices[0].message.content, 'drained');
    assert.equal((await gateway.exited).code, 0, gateway.output);
  });
});

test('shutdown: a request that arrives on a kept connection is 503 server_shutting_down', async () => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '8000' }, async (gateway, upstream) => {
    upstream.answer(wait(600), json(chatCompletion('drained')));
    const busy = await RawConnection.open(gateway.port);
    await busy.send(post(chatRequest()));
    await upstream.request();
    const halfway = await RawConnection.open(gateway.port);
    const bytes = post(chatRequest());
    await halfway.send(bytes.subarray(0, 40));
    await delay(50);
    gateway.signal('SIGTERM');
    await delay(100);
    halfway.send(bytes.subarray(40));
    busy.send(requestBytes({ target: '/v1/models' }));
    const refused = await halfway.response().catch((error) => error);
    if (!(refused instanceof Error)) {
      assert.equal(refused.status, 503, refused.text);
      assert.equal(refused.json.error.code, 'server_shutting_down');
    }
    const first = await busy.response();
    assert.equal(first.status, 200);
    const second = await busy.response().catch((error) => error);
    if (!(second instanceof Error)) assert.equal(second.json.error.code, 'server_shutting_down');
    assert.ok(
      !(refused instanceof Error) || !(second instanceof Error),
      'at least one of the late requests was told 503',
    );
    assert.equal(upstream.requests.length, 1);
    assert.equal((await gateway.exited).code, 0, gateway.output);
  });
});

test('shutdown: a stuck stream gets an error event and [DONE] at the deadline, then the exit is 0', async (t) => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '600' }, async (gateway, upstream) => {
    upstream.answer(streamHead(), events(chatStream(['stuck']).slice(0, 2)), stall());
    const connection = await RawConnection.open(gateway.port);
    await connection.send(post(chatRequest({ stream: true })));
    const response = await connection.responseHead();
    response.body = await connection.chunk();
    const started = performance.now();
    gateway.signal('SIGTERM');
    for (let piece = await connection.chunk(); piece !== undefined; piece = await connection.chunk())
      response.body = Buffer.concat([response.body, piece]);
    response.isComplete = true;
    const { values } = assertBrokenChatStream(response);
    assert.equal(streamedText(values), 'stuck');
    const exit = await gateway.exited;
    const elapsedMs = performance.now() - started;
    assert.equal(exit.code, 0, gateway.output);
    t.diagnostic(`ended ${elapsedMs.toFixed(0)} ms after SIGTERM, the deadline was 600 ms`);
    assert.ok(elapsedMs > 500 && elapsedMs < kLateMs, `ended after ${elapsedMs.toFixed(0)} ms`);
  });
});

test('shutdown: a stuck plain request is 503 at the deadline', async () => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '500' }, async (gateway, upstream) => {
    upstream.answer(stall());
    const connection = await RawConnection.open(gateway.port);
    await connection.send(post(chatRequest()));
    await upstream.request();
    gateway.signal('SIGTERM');
    const response = await connection.response();
    assert.equal(response.status, 503, response.text);
    assert.equal(response.json.error.code, 'server_shutting_down');
    assert.equal((await gateway.exited).code, 0, gateway.output);
  });
});

// More than the kernel takes for a client that does not read: it waits in the gateway.
const kUnreadQueue = { limits: { client_queue_bytes: 16 * 1024 * 1024 } };

test('shutdown: a client that never reads does not hold the exit beyond the deadline', async (t) => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '500' }, async (gateway, upstream) => {
    const text = 'z'.repeat(60_000);
    upstream.answer(streamHead(), events(chatStream(Array.from({ length: 400 }, () => text))), stall());
    const connection = await RawConnection.open(gateway.port);
    connection.socket.pause();
    await connection.send(post(chatRequest({ stream: true })));
    await upstream.request();
    await delay(200);
    const started = performance.now();
    gateway.signal('SIGTERM');
    const exit = await gateway.exited;
    assert.equal(exit.code, 0, gateway.output);
    const elapsedMs = performance.now() - started;
    t.diagnostic(`ended ${elapsedMs.toFixed(0)} ms after SIGTERM, the deadline was 500 ms`);
    assert.ok(elapsedMs < kLateMs, `ended after ${elapsedMs.toFixed(0)} ms\n${gateway.output}`);
    connection.close();
  }, kUnreadQueue);
});

test('shutdown: a second SIGTERM does no harm', async () => {
  await withGateway({ SHUTDOWN_TIMEOUT_MS: '3000' }, async (gateway, upstream) => {
    upstream.answer(wait(400), json(chatCompletion('drained')));
    const connection = await RawConnection.open(gateway.port);
    await connection.send(post(chatRequest()));
    await upstream.request();
    gateway.signal('SIGTERM');
    await delay(50);
    gateway.signal('SIGTERM');
    assert.equal((await gateway.exited).code, 0, gateway.output);
    connection.close();
  });
});
