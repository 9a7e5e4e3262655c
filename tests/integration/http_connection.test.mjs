import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertChatStream, assertError, streamedText } from './contract.mjs';
import { isInstrumented } from './gateway.mjs';
import { chatCompletion, chatRequest, chatStream, roleEvent, textEvent, finishEvent, kDone } from './openai_shapes.mjs';
import { chat, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { events, inOrder, json, lastChunk, stall, stream, streamHead, wait } from './upstream_steps.mjs';

const { upstream, gateway } = await stage({ settings: { timeouts: { head_ms: 400, body_gap_ms: 400, idle_ms: 500 } } });
const { upstream: calmUpstream, gateway: calm } = await stage();
// One loop: what it does happens in one order. A long half-close, so that no pause of the machine is longer.
const { upstream: singleUpstream, gateway: single } = await stage({ settings: { server: { event_loops: 1 } } });
const { upstream: patientUpstream, gateway: patient } = await stage({
  settings: { timeouts: { half_close_ms: 60000 } },
});
const kCloseLimitMs = isInstrumented() ? 5000 : 2000;
const post = (body = chatRequest(), headers = {}) =>
  requestBytes({ method: 'POST', target: '/v1/chat/completions', headers, body });
const kHealth = requestBytes({ target: '/health' });

beforeEach(() => {
  for (const each of [upstream, calmUpstream, singleUpstream, patientUpstream]) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});

async function withConnection(target, use) {
  const connection = await RawConnection.open(target.port);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

// ---- keep-alive and order

test('connection: several requests in a row are answered on one connection', async () => {
  await withConnection(calm, async (connection) => {
    for (let round = 0; round < 5; ++round) {
      await connection.send(round % 2 ? kHealth : post());
      assert.equal((await connection.response()).status, 200);
    }
    calmUpstream.answer(stream(chatStream(['x'])));
    await connection.send(post(chatRequest({ stream: true })));
    assertChatStream(await connection.response());
    await connection.send(kHealth);
    assert.equal((await connection.response()).status, 200);
  });
});

test('connection: an answer to a bad body leaves the connection usable', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send(post('{"model":'));
    assertError(await connection.response(), { status: 400, type: 'invalid_request_error' });
    await connection.send(kHealth);
    assert.equal((await connection.response()).status, 200);
  });
});

test('connection: pipelined requests are answered in order, however long the first takes', async () => {
  calmUpstream.answer(async (exchange) => {
    const {
      messages: [{ content }],
    } = JSON.parse(exchange.request.body);
    await inOrder(wait(content === 'slow' ? 200 : 0), json(chatCompletion(content)))(exchange);
  });
  await withConnection(calm, async (connection) => {
    const names = ['slow', 'second', 'third', 'fourth'];
    await connection.send(
      Buffer.concat([...names.map((content) => post(chatRequest({ messages: [{ role: 'user', content }] }))), kHealth]),
    );
    for (const name of names) assert.equal((await connection.response()).json.choices[0].message.content, name);
    assert.equal((await connection.response()).status, 200);
  });
});

test('connection: a stream among pipelined requests keeps the order', async () => {
  calmUpstream.answerNext(inOrder(streamHead(), events(chatStream(['a', 'b']), { gapMs: 30 }), lastChunk()));
  await withConnection(calm, async (connection) => {
    await connection.send(Buffer.concat([post(chatRequest({ stream: true })), kHealth, post()]));
    assert.equal(streamedText(assertChatStream(await connection.response()).values), 'ab');
    assert.ok('checks' in (await connection.response()).json);
    assert.equal((await connection.response()).json.object, 'chat.completion');
  });
});

test('connection: a hundred pipelined requests in packets of any size are all answered', async () => {
  await withConnection(calm, async (connection) => {
    const all = Buffer.concat(Array.from({ length: 100 }, () => kHealth));
    for (let at = 0; at < all.length; at += 97) connection.send(all.subarray(at, at + 97));
    for (let round = 0; round < 100; ++round) assert.equal((await connection.response()).status, 200);
  });
});

test('connection: Connection: close is honoured', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send(requestBytes({ target: '/health', headers: { Connection: 'close' } }));
    const response = await connection.response();
    assert.match(response.header('connection') ?? '', /close/i);
    await connection.closedWithin(1000);
  });
});

test('connection: HTTP/1.0 is answered with a length and closed', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send('GET /health HTTP/1.0\r\n\r\n');
    const response = await connection.response();
    assert.equal(response.status, 200);
    assert.ok(!response.headers.has('transfer-encoding'));
    await connection.closedWithin(1000);
  });
});

test('connection: HEAD has the fields of GET and no body', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send(requestBytes({ method: 'HEAD', target: '/v1/models' }));
    assert.equal((await connection.response({ method: 'HEAD' })).status, 200);
    await connection.send(requestBytes({ method: 'HEAD', target: '/nowhere' }));
    assert.equal((await connection.response({ method: 'HEAD' })).status, 404);
    await connection.send(kHealth);
    assert.equal((await connection.response()).status, 200);
  });
});

// ---- 100-continue

test('connection: Expect: 100-continue gets 100 before the body and then the answer', async () => {
  await withConnection(calm, async (connection) => {
    const body = JSON.stringify(chatRequest());
    await connection.send(
      requestBytes({
        method: 'POST',
        target: '/v1/chat/completions',
        headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, Expect: '100-continue' },
      }),
    );
    assert.equal((await connection.responseHead(2000)).status, 100);
    await connection.send(body);
    assert.equal((await connection.response()).status, 200);
    assert.ok(!calmUpstream.lastRequest.headers.has('expect'));
  });
});

test('connection: a body refused by its head gets no 100', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send(
      requestBytes({
        method: 'POST',
        target: '/v1/chat/completions',
        headers: { 'Content-Type': 'application/json', 'Content-Length': 9_000_000, Expect: '100-continue' },
      }),
    );
    const response = await connection.response();
    assertError(response, { status: 413, type: 'invalid_request_error', code: 'payload_too_large' });
    assert.equal(response.interim.length, 0);
  });
});

// ---- leaving and half-closing

for (const isStreamed of [false, true]) {
  const kind = isStreamed ? 'streamed' : 'plain';
  for (const [when, finAfterMs, to, from] of [
    ['right behind', 0, calm, calmUpstream],
    ['20 ms after', 20, patient, patientUpstream],
  ]) {
    test(`connection: a FIN ${when} a ${kind} request is a half-close and is answered`, async () => {
      from.answer(wait(250), isStreamed ? stream(chatStream(['answered'])) : json(chatCompletion('answered')));
      await withConnection(to, async (connection) => {
        await connection.send(post(chatRequest({ stream: isStreamed })));
        if (finAfterMs > 0) await delay(finAfterMs);
        connection.finish();
        const response = await connection.response();
        assert.equal(response.status, 200);
        assert.ok(response.text.includes('answered'));
        await connection.closedWithin(1000);
      });
    });
  }
}

test('connection: the requests of a half-closed pipeline are all answered', async () => {
  await withConnection(calm, async (connection) => {
    await connection.send(Buffer.concat([post(), kHealth, kHealth]));
    connection.finish();
    for (let round = 0; round < 3; ++round) assert.equal((await connection.response()).status, 200);
  });
});

for (const phase of ['waiting for the head', 'waiting for the first event', 'streaming']) {
  for (const how of ['FIN', 'reset']) {
    test(`connection: a late ${how} while ${phase} closes the upstream connection`, async (t) => {
      if (phase === 'waiting for the head') calmUpstream.answer(stall());
      else
        calmUpstream.answer(streamHead(), events(phase === 'streaming' ? [roleEvent(), textEvent('x')] : []), stall());
      await withConnection(calm, async (connection) => {
        await connection.send(post(chatRequest({ stream: true })));
        const request = await calmUpstream.request();
        await delay(200);
        const leftAt = performance.now();
        if (how === 'FIN') connection.finish();
        else connection.reset();
        const elapsedMs = (await Promise.race([request.connection.left, delay(4000, Infinity)])) - leftAt;
        t.diagnostic(`upstream closed ${elapsedMs.toFixed(1)} ms after the ${how}`);
        assert.ok(elapsedMs < kCloseLimitMs, `upstream closed after ${elapsedMs.toFixed(1)} ms`);
      });
    });
  }
}

// "At once" without a clock: what the gateway does afterwards is seen afterwards, however slow the machine is.
for (const [phase, ...steps] of [
  ['waiting for the head', stall()],
  ['waiting for the first event', streamHead(), stall()],
  ['streaming', streamHead(), events([roleEvent(), textEvent('x')]), stall()],
]) {
  for (const how of ['finish', 'reset']) {
    test(`connection: after a ${how} while ${phase} the upstream is closed before another request is sent`, async () => {
      singleUpstream.answer(...steps);
      const leaving = await RawConnection.open(single.port);
      const staying = await RawConnection.open(single.port);
      await leaving.send(post(chatRequest({ stream: true })));
      const left = await singleUpstream.request();
      await delay(200);
      singleUpstream.answer(json(chatCompletion()));
      leaving[how]();
      if (how === 'reset') await new Promise((resolve) => leaving.socket.once('close', resolve));
      await staying.send(post());
      assert.equal((await staying.response()).status, 200);
      assert.equal(singleUpstream.requests.length, 2);
      assert.ok(!left.connection.isOpen, 'the connection of the first request was still open when the second came');
      for (const each of [leaving, staying]) each.close();
    });
  }
}

test('connection: a client that leaves inside its request body is forgotten', async () => {
  const before = calm.descriptorCount();
  for (let round = 0; round < 20; ++round) {
    const connection = await RawConnection.open(calm.port);
    await connection.send(post().subarray(0, -5));
    connection.close();
  }
  await delay(200);
  assert.ok(calm.descriptorCount() <= before + 1, `${calm.descriptorCount()} descriptors, ${before} before`);
  assert.equal(calmUpstream.requests.length, 0);
});

// ---- time limits

test('connection: a head that does not end is 408 or closed after head_ms', async () => {
  await withConnection(gateway, async (connection) => {
    await connection.send('POST /v1/chat/completions HTTP/1.1\r\nHost: gate');
    const elapsedMs = await connection.closedWithin(3000);
    assert.ok(elapsedMs > 300, `closed after ${elapsedMs.toFixed(0)} ms`);
    const answer = await connection.rest();
    if (answer.length > 0) assert.match(answer.toString('latin1'), /^HTTP\/1\.1 408 /);
  });
});

test('connection: a head that trickles does not extend its limit', async () => {
  await withConnection(gateway, async (connection) => {
    const started = performance.now();
    const trickle = setInterval(() => connection.send('X-A: b\r\n'), 50);
    await connection.send('GET /health HTTP/1.1\r\nHost: x\r\n');
    await connection.closedWithin(3000).finally(() => clearInterval(trickle));
    assert.ok(performance.now() - started < 2000);
  });
});

test('connection: a body that stops is 408 or closed after body_gap_ms', async () => {
  await withConnection(gateway, async (connection) => {
    await connection.send(post().subarray(0, -5));
    const elapsedMs = await connection.closedWithin(3000);
    assert.ok(elapsedMs > 300, `closed after ${elapsedMs.toFixed(0)} ms`);
    const answer = await connection.rest();
    if (answer.length > 0) assert.match(answer.toString('latin1'), /^HTTP\/1\.1 408 /);
    assert.equal(upstream.requests.length, 0);
  });
});

test('connection: a body that goes on slowly is not cut off', async () => {
  await withConnection(gateway, async (connection) => {
    const bytes = post();
    const split = bytes.length - 60;
    await connection.send(bytes.subarray(0, split));
    for (let at = split; at < bytes.length; at += 10) {
      await delay(150);
      await connection.send(bytes.subarray(at, at + 10));
    }
    assert.equal((await connection.response()).status, 200);
  });
});

test('connection: an idle connection is closed after idle_ms, without an answer', async () => {
  await withConnection(gateway, async (connection) => {
    await connection.send(kHealth);
    assert.equal((await connection.response()).status, 200);
    const elapsedMs = await connection.closedWithin(3000);
    assert.ok(elapsedMs > 350, `closed after ${elapsedMs.toFixed(0)} ms`);
    assert.equal((await connection.rest()).length, 0);
  });
});

test('connection: a running stream is not idle', async () => {
  upstream.answer(
    streamHead(),
    events([roleEvent(), textEvent('slow')]),
    wait(900),
    events([finishEvent(), kDone]),
    lastChunk(),
  );
  assert.equal(streamedText(assertChatStream(await chat(gateway, chatRequest({ stream: true }))).values), 'slow');
});
