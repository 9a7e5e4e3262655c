import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, isInstrumented } from './gateway.mjs';
import { chatCompletion, chatRequest, chatStream, finishEvent, kDone, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { UnacceptingUpstream } from './unaccepting_upstream.mjs';
import { body, events, flood, head, json, lastChunk, stall, stream, streamHead, wait } from './upstream_steps.mjs';

const kMebibyte = 1024 * 1024;
const { upstream, gateway } = await stage();
const post = (extra = {}, headers = {}) =>
  requestBytes({ method: 'POST', target: '/v1/chat/completions', headers, body: chatRequest(extra) });
const kMemory = { skip: isInstrumented() && 'memory of an instrumented build means nothing' };

beforeEach(() => upstream.forget());

// A few requests, so that pools and buffers have their usual size before memory is compared.
async function warmUp() {
  upstream.answer(stream(chatStream(['warm'])));
  for (let round = 0; round < 20; ++round) await chat(gateway, chatRequest({ stream: true }));
}

// Holds a client that does not read while `answer` floods it, and returns how far the memory rose and what was taken.
async function risingMemory(answer, target = '/v1/chat/completions') {
  await warmUp();
  upstream.forget();
  upstream.answer(...answer);
  const before = gateway.residentBytes();
  const connection = await RawConnection.open(gateway.port);
  connection.socket.pause();
  await connection.send(requestBytes({ method: 'POST', target, body: chatRequest({ stream: true }) }));
  await upstream.request();
  let highest = before;
  for (let round = 0; round < 30; ++round) {
    await delay(50);
    highest = Math.max(highest, gateway.residentBytes());
  }
  return { rose: highest - before, connection, taken: upstream.lastRequest.exchange.bytesSent };
}

test('memory: a slow reader of a 64 MB stream raises it by less than 2 MB, and gets every byte', kMemory, async (t) => {
  const text = textEvent('s'.repeat(16_000));
  const { rose, connection, taken } = await risingMemory([
    streamHead(),
    events([roleEvent()]),
    flood(text, 64 * kMebibyte),
    events([finishEvent(), kDone]),
    lastChunk(),
  ]);
  t.diagnostic(
    `memory rose by ${(rose / kMebibyte).toFixed(2)} MB while the upstream could send ${(taken / kMebibyte).toFixed(1)} MB`,
  );
  connection.socket.resume();
  await connection.responseHead();
  const hash = createHash('sha256');
  let length = 0;
  let highest = 0;
  for (let piece = await connection.chunk(30_000); piece !== undefined; piece = await connection.chunk(30_000)) {
    hash.update(piece);
    length += piece.length;
    highest = Math.max(highest, gateway.residentBytes());
  }
  connection.close();
  const count = Math.ceil((64 * kMebibyte) / Buffer.byteLength(text));
  const expected = createHash('sha256').update(roleEvent());
  for (let index = 0; index < count; ++index) expected.update(text);
  expected.update(finishEvent() + kDone);
  assert.ok(length > 64 * kMebibyte, `${length} bytes arrived`);
  assert.equal(hash.digest('hex'), expected.digest('hex'));
  assert.ok(rose < 2 * kMebibyte, `memory rose by ${(rose / kMebibyte).toFixed(2)} MB`);
});

test('memory: a slow reader of a 64 MB binary answer raises it by less than 2 MB', kMemory, async (t) => {
  const answer = [
    head(200, { 'content-type': 'audio/mpeg', 'transfer-encoding': 'chunked' }),
    flood(Buffer.alloc(16_384, 7), 64 * kMebibyte),
    lastChunk(),
  ];
  const { rose, connection } = await risingMemory(answer, '/v1/audio/speech');
  connection.close();
  t.diagnostic(`memory rose by ${(rose / kMebibyte).toFixed(2)} MB`);
  assert.ok(rose < 2 * kMebibyte, `memory rose by ${(rose / kMebibyte).toFixed(2)} MB`);
});

test('memory: a slow upstream that takes a big upload raises it by less than 4 MB', kMemory, async (t) => {
  const { upstream: slow, gateway: own } = await stage({ upstreamOptions: { readDelayMs: 1500 } });
  slow.answer(json({ text: 'done' }));
  const before = own.residentBytes();
  const connection = await RawConnection.open(own.port);
  const upload = Buffer.alloc(64 * kMebibyte, 'u');
  connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/audio/transcriptions',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
      body: upload,
    }),
  );
  let highest = before;
  for (let round = 0; round < 20; ++round) {
    await delay(50);
    highest = Math.max(highest, own.residentBytes());
  }
  const rose = highest - before;
  t.diagnostic(`memory rose by ${(rose / kMebibyte).toFixed(2)} MB`);
  assert.equal((await connection.response({ limitMs: 30_000 })).status, 200);
  connection.close();
  assert.ok(slow.lastRequest.body.equals(upload), 'the upload arrived whole');
  assert.ok(rose < 4 * kMebibyte, `memory rose by ${(rose / kMebibyte).toFixed(2)} MB`);
});

test('leaving: 200 clients that leave at random phases leave nothing open', async (t) => {
  await warmUp();
  await delay(100);
  for (const connection of upstream.openConnections) connection.socket.end();
  await eventually('no pooled connection', () => upstream.openConnections.length === 0);
  const before = gateway.descriptorCount();
  upstream.answer(async (exchange) => {
    const scripts = [
      [stall()],
      [streamHead(), stall()],
      [streamHead(), events(chatStream(['a', 'b', 'c', 'd']), { gapMs: 20 }), stall()],
      [wait(30), body('x'.repeat(100_000), { headers: { 'content-type': 'application/json' } })],
    ];
    for (const step of scripts[Math.floor(Math.random() * scripts.length)]) if (!exchange.isGone) await step(exchange);
  });
  const leave = async (index) => {
    const connection = await RawConnection.open(gateway.port);
    const bytes = post({ stream: index % 3 !== 0 });
    const sent = index % 10 === 0 ? Math.floor(Math.random() * bytes.length) : bytes.length;
    connection.send(bytes.subarray(0, sent));
    // A FIN within 50 ms of a request would be a half-close, whose answer is awaited.
    const isReset = index % 2 === 1;
    await delay(Math.random() * 150 + (isReset ? 0 : 80));
    if (isReset) connection.reset();
    else connection.close();
  };
  for (let wave = 0; wave < 4; ++wave)
    await Promise.all(Array.from({ length: 50 }, (_, index) => leave(wave * 50 + index)));
  const elapsedMs = await eventually(
    'no upstream connection of a client that left',
    () => upstream.openConnections.every((connection) => connection.requestCount > 0 && isIdle(connection)),
    3000,
  );
  t.diagnostic(
    `all upstream connections settled ${elapsedMs.toFixed(0)} ms after the last client left; ${upstream.requests.length} requests reached the upstream`,
  );
  for (const connection of upstream.openConnections) connection.socket.end();
  await eventually(`descriptors back to ${before}`, () => gateway.descriptorCount() <= before, 3000);
  upstream.answer(json(chatCompletion('alive')));
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});

// A pooled connection: its last answer was whole.
function isIdle(connection) {
  const last = upstream.requests.findLast((request) => request.connection === connection);
  return last !== undefined && last.exchange.bytesSent > 100_000;
}

test('leaving: a client that leaves while the gateway connects is forgotten', async (t) => {
  const deaf = await UnacceptingUpstream.start();
  try {
    const { gateway: own } = await stage({ upstream: undefined, env: { OPENAI_BASE_URL: deaf.baseUrl } });
    await delay(300);
    const before = own.descriptorCount();
    const connections = [];
    for (let index = 0; index < 5; ++index) {
      const connection = await RawConnection.open(own.port);
      await connection.send(post({ stream: index % 2 === 0 }));
      connections.push(connection);
    }
    await eventually('five connection attempts', () => own.descriptorCount() >= before + 10);
    await delay(100);
    const leftAt = performance.now();
    for (const connection of connections) connection.reset();
    await eventually(`descriptors back to ${before}`, () => own.descriptorCount() <= before, 2000);
    t.diagnostic(`all attempts given up ${(performance.now() - leftAt).toFixed(1)} ms after the clients left`);
  } finally {
    deaf.stop();
  }
});

test('load: three hundred streams at once all arrive whole, without one thread more', async (t) => {
  upstream.answer(streamHead(), events(chatStream(['a', 'b', 'c', 'd', 'e']), { gapMs: 20 }), lastChunk());
  const threadsBefore = gateway.threadCount();
  const started = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => chat(gateway, chatRequest({ stream: true }), {}, { limitMs: 30_000 })),
  );
  t.diagnostic(
    `${(performance.now() - started).toFixed(0)} ms, ${gateway.threadCount()} threads, ${(gateway.residentBytes() / kMebibyte).toFixed(1)} MB`,
  );
  for (const answer of answers) assert.equal(answer.text, chatStream(['a', 'b', 'c', 'd', 'e']).join(''));
  assert.ok(gateway.threadCount() <= threadsBefore, `${gateway.threadCount()} threads, ${threadsBefore} before`);
});

test('memory: an idle gateway needs at most 25 MB', kMemory, async (t) => {
  const { gateway: idle } = await stage();
  await delay(200);
  const megabytes = idle.residentBytes() / kMebibyte;
  t.diagnostic(`${megabytes.toFixed(1)} MB`);
  assert.ok(megabytes <= 25, `${megabytes.toFixed(1)} MB`);
});
