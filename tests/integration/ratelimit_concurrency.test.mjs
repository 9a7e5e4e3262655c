import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { hold, release } from './held_streams.mjs';
import { bearer } from './managed_keys.mjs';
import { chatCompletion, chatRequest, chatStream, roleEvent } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { events, head, json, reset, send, stall, stream, streamHead } from './upstream_steps.mjs';

const kLimited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null };
const kKeys = { a: 'sk-of-client-a-000000000000000a', b: 'sk-of-client-b-000000000000000b' };
const kAuth = { keys: Object.entries(kKeys).map(([name, key]) => ({ name, key })) };
const kSlots = 5;
const { upstream, gateway } = await stage({
  env: { REQUEST_TIMEOUT_MS: '400' },
  settings: { middleware: chain({ auth: kAuth, client: [{ per: 'key', concurrent: kSlots }] }) },
});
// Streams that are held longer than that.
const { upstream: slowUpstream, gateway: slow } = await stage({
  settings: {
    middleware: chain({ auth: kAuth, client: [{ per: 'key', concurrent: kSlots, lease_ms: 1000 }] }),
  },
});
const { upstream: queueUpstream, gateway: queue } = await stage({
  settings: {
    middleware: chain({ auth: kAuth, client: [{ per: 'global', concurrent: 1, queue_ms: 4000, queue_length: 10 }] }),
  },
});
const kStream = chatRequest({ stream: true });
const a = bearer(kKeys.a);

beforeEach(() => {
  for (const each of [upstream, slowUpstream, queueUpstream]) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});
after(() => {
  for (const each of [upstream, slowUpstream, queueUpstream])
    for (const { socket } of each.openConnections) socket.destroy();
});

const holdAll = (headers) =>
  Promise.all(Array.from({ length: kSlots }, () => hold(slowUpstream, slow, kStream, headers)));

test('concurrency: five at a time for each key, and the sixth is told so', async () => {
  const held = await holdAll(a);
  assert.deepEqual(held.map(({ response }) => response.status), Array(kSlots).fill(200));
  const sixth = await chat(slow, chatRequest(), a);
  assertError(sixth, kLimited);
  assert.ok(Number(sixth.header('retry-after')) >= 1);
  assert.equal((await chat(slow, chatRequest(), bearer(kKeys.b))).status, 200, 'another key has slots of its own');
  await release(held.pop());
  slowUpstream.answer(json(chatCompletion()));
  await eventually('the slot is free', async () => (await chat(slow, chatRequest(), a)).status === 200);
  await Promise.all(held.map(release));
});

test('concurrency: slots stay taken for longer than their lease while they are used', async () => {
  const held = await holdAll(a);
  for (let waited = 0; waited < 5; ++waited) {
    await delay(500);
    assertError(await chat(slow, chatRequest(), a), kLimited);
  }
  await Promise.all(held.map(release));
});

test('concurrency: refused requests free nothing', async () => {
  const held = await holdAll(a);
  for (let sent = 0; sent < 20; ++sent) assertError(await chat(slow, chatRequest(), a), kLimited);
  assertError(await chat(slow, '{', a), kLimited);
  assert.equal((await chat(slow, chatRequest(), bearer('sk-wrong'))).status, 401);
  assertError(await chat(slow, chatRequest(), a), kLimited);
  await Promise.all(held.map(release));
});

// Sends a request and leaves when `when` is over.
async function leaving(body, when) {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers: a, body }));
  await when(connection);
  connection.reset();
}

const post = (headers, body) => exchange(gateway, { method: 'POST', target: '/v1/chat/completions', headers, body });
const kWays = {
  'an answer that is finished': () => chat(gateway, chatRequest(), a),
  'a stream that is finished': () => {
    upstream.answer(stream(chatStream()));
    return chat(gateway, kStream, a);
  },
  'a client that leaves before the answer': () => {
    upstream.answer(stall());
    return leaving(chatRequest(), () => upstream.request());
  },
  'a client that leaves within a stream': () => {
    upstream.answer(streamHead(), events([roleEvent()]), stall());
    return leaving(kStream, (connection) => connection.responseHead());
  },
  'a client that leaves before its body is there': () =>
    leaving(undefined, async () => {}),
  'a client that leaves within its body': async () => {
    const connection = await RawConnection.open(gateway.port);
    const headers = { ...a, 'Content-Type': 'application/json', 'Content-Length': '1000' };
    await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers }));
    await connection.send('{"model":');
    await delay(20);
    connection.reset();
  },
  'an error of the upstream': () => {
    upstream.answer(json({ error: { message: 'x', type: 'server_error', param: null, code: null } }, { status: 500 }));
    return chat(gateway, chatRequest(), a);
  },
  'an upstream that resets before its answer': () => {
    upstream.answer(reset());
    return chat(gateway, chatRequest(), a);
  },
  'an upstream that resets within its answer': () => {
    upstream.answer(head(200, { 'content-type': 'application/json', 'content-length': '100' }), send('{'), reset());
    return chat(gateway, chatRequest(), a);
  },
  'an upstream that resets within a stream': () => {
    upstream.answer(streamHead(), events([roleEvent()]), reset());
    return chat(gateway, kStream, a);
  },
  'an upstream that says nothing': () => {
    upstream.answer(stall());
    return chat(gateway, chatRequest(), a);
  },
  'an upstream that falls silent within a stream': () => {
    upstream.answer(streamHead(), events([roleEvent()]), stall());
    return chat(gateway, kStream, a);
  },
  'a wrong key': () => chat(gateway, chatRequest(), bearer('sk-wrong')),
  'a body that is no JSON': () => chat(gateway, '{', a),
  'a body of another type': () => post({ ...a, 'Content-Type': 'text/plain' }, 'hello'),
  'a body that is too large': () => chat(gateway, 'x'.repeat(2 << 20), a),
  'a header that is refused': () => chat(gateway, chatRequest(), { ...a, 'X-Claude-Code': 'maybe' }),
  'a route that is none': () => exchange(gateway, { method: 'POST', target: '/v1/nothing', headers: a, body: {} }),
  'a list of models': () => exchange(gateway, { target: '/v1/models', headers: a }),
};

async function allSlotsAreFree() {
  upstream.forget();
  const held = await Promise.all(Array.from({ length: kSlots }, () => hold(upstream, gateway, kStream, a)));
  const passed = held.filter(({ response }) => response.status === 200);
  await Promise.all(passed.map(release));
  for (const { connection } of held) connection.close();
  return passed.length === kSlots;
}

for (const [way, go] of Object.entries(kWays)) {
  test(`concurrency: its slots are free again after ${way}`, async () => {
    await Promise.all(Array.from({ length: kSlots }, go));
    await eventually('all slots are free', allSlotsAreFree, 2000);
  });
}

test('queue: who waits for a slot gets it when one is free', async () => {
  const held = await hold(queueUpstream, queue, kStream, a);
  const started = performance.now();
  const waiting = chat(queue, chatRequest(), a);
  await delay(200);
  await release(held);
  assert.equal((await waiting).status, 200);
  assert.ok(performance.now() - started >= 200);
});

test('queue: clients have their turns one after another, however much one of them asks', async () => {
  const held = await hold(queueUpstream, queue, kStream, a);
  const order = [];
  const ask = async (name) => {
    const response = await chat(queue, chatRequest(), bearer(kKeys[name]));
    assert.equal(response.status, 200, response.text);
    order.push(name);
  };
  const greedy = Array.from({ length: 6 }, () => ask('a'));
  await delay(100);
  const modest = [ask('b'), ask('b')];
  await delay(100);
  await release(held);
  await Promise.all([...greedy, ...modest]);
  assert.ok(order.lastIndexOf('b') <= 4, `b waited behind a: ${order.join('')}`);
});

test('queue: one that is full refuses, and one who left takes no turn', async () => {
  const held = await hold(queueUpstream, queue, kStream, a);
  const connections = [];
  for (let sent = 0; sent < 10; ++sent) {
    const connection = await RawConnection.open(queue.port);
    const options = { method: 'POST', target: '/v1/chat/completions', headers: a, body: chatRequest() };
    await connection.send(requestBytes(options));
    connections.push(connection);
  }
  await delay(100);
  assertError(await chat(queue, chatRequest(), a), kLimited);
  for (const connection of connections) connection.reset();
  await delay(100);
  queueUpstream.forget();
  const waiting = chat(queue, chatRequest(), bearer(kKeys.b));
  await delay(50);
  await release(held);
  assert.equal((await waiting).status, 200);
  assert.equal(queueUpstream.requests.length, 1, 'those who left did not go upstream');
});

test('queue: who waits too long is refused', async () => {
  const held = await hold(queueUpstream, queue, kStream, a);
  const started = performance.now();
  assertError(await chat(queue, chatRequest(), a), kLimited);
  const waitedMs = performance.now() - started;
  assert.ok(waitedMs >= 3900 && waitedMs < 6000, `${waitedMs} ms`);
  await release(held);
});
