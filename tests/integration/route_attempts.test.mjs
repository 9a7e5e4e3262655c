// Routes with several targets: what one request costs the upstreams, who is asked, and what clients and reloads change.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { assertChatStream, assertError, streamedText } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, chatStream, roleEvent, textEvent } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { RouteStage } from './route_stage.mjs';
import { body, events, finish, head, json, reset, send, stall, stream, streamHead, until, wait } from './upstream_steps.mjs';

const failed = (status, headers = {}) => json(apiError('it broke', 'server_error'), { status, headers });
const answer = (text) => json(chatCompletion(text));
const textOf = (response) => response.json.choices[0].message.content;
const post = (value) => requestBytes({ method: 'POST', target: '/v1/chat/completions', body: value });

const cases = [
  ['429', [failed(429, { 'retry-after': '0' })]],
  ['500', [failed(500)]],
  ['503', [failed(503)]],
  ['401', [failed(401)]],
  ['a reset before the head', [reset()]],
  ['an answer that is none', [body('<html>', { headers: { 'content-type': 'text/html' } })]],
  ['a cut stream', [streamHead(), events([roleEvent(), textEvent('x')]), finish()]],
];
for (const [what, steps] of cases) {
  for (const isStream of [false, true]) {
    test(`attempts: by default ${what} is one request upstream${isStream ? ', streamed' : ''}`, async (t) => {
      const stage = await RouteStage.start({ context: t });
      stage.main.answer(...steps);
      const response = await chat(stage.gateway, chatRequest({ stream: isStream }));
      assert.ok(response.status >= 400 || response.text.includes('stream_error'), response.text);
      assert.equal(response.header('x-sluice-attempts'), undefined);
      await delay(700);
      assert.equal(stage.main.requests.length, 1);
    });
  }
}

test('attempts: a client that leaves between two of them ends the matter', async (t) => {
  const stage = await RouteStage.start({ context: t, route: { retry: { attempts: 5 }, fallbacks: [{ backend: 'spare' }] } });
  stage.main.answer(failed(503));
  const connection = await RawConnection.open(stage.gateway.port);
  await connection.send(post(chatRequest()));
  await stage.main.request();
  await delay(50);
  connection.reset();
  await delay(1500);
  assert.equal(stage.main.requests.length, 1);
  assert.equal(stage.spare.requests.length, 0);
  const line = await stage.gateway.logLine(({ ended_by }) => ended_by === 'client');
  assert.equal(line.attempts, 1);
});

test('attempts: a client that leaves during one takes its upstream call with it', async (t) => {
  const stage = await RouteStage.start({ context: t, route: { retry: { attempts: 2 }, fallbacks: [{ backend: 'spare' }] } });
  stage.main.answer(failed(500));
  stage.spare.answer(stall());
  const connection = await RawConnection.open(stage.gateway.port);
  await connection.send(post(chatRequest({ stream: true })));
  const { connection: upstreamSide } = await stage.spare.request();
  connection.reset();
  await eventually('the upstream is left', () => upstreamSide.leftAt !== undefined);
});

test('attempts: a target that was given up may end later than the request', async (t) => {
  const stage = await RouteStage.start({
    context: t,
    route: { targets: [{ backend: 'main', timeouts: { first_event_ms: 300 } }], fallbacks: [{ backend: 'spare' }] },
  });
  stage.main.answer(stall());
  stage.spare.answer(stream(chatStream(['spare'])));
  for (let index = 0; index < 4; ++index) {
    const response = await chat(stage.gateway, chatRequest({ stream: true }));
    assert.equal(streamedText(assertChatStream(response).values), 'spare');
    assert.equal(response.header('x-sluice-attempts'), '2');
  }
  assert.ok(stage.main.requests.every(({ connection }) => connection.leftAt !== undefined));
});

test('attempts: a target has no more calls than it may have, the others go elsewhere or are refused', async (t) => {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const targets = [{ backend: 'main', max_concurrent: 2 }];
  const stage = await RouteStage.start({ context: t, route: { targets } });
  stage.main.answer(until(released), answer('main'));
  const running = [chat(stage.gateway, chatRequest()), chat(stage.gateway, chatRequest())];
  await stage.main.request(1);
  const refused = await chat(stage.gateway, chatRequest());
  assertError(refused, { status: 503, code: 'backend_unavailable' });
  assert.equal(refused.header('retry-after'), '1');
  release();
  for (const each of running) assert.equal(textOf(await each), 'main');
  assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'main');
  assert.equal(stage.main.requests.length, 3);
});

test('attempts: targets share the requests by weight, and one that fails leaves them to the other', async (t) => {
  const targets = [{ backend: 'main', weight: 3 }, { backend: 'spare' }];
  const stage = await RouteStage.start({ context: t, route: { targets, retry: { attempts: 2, budget_percent: 1000 } } });
  stage.main.answer(answer('main'));
  stage.spare.answer(answer('spare'));
  for (let index = 0; index < 200; ++index) await chat(stage.gateway, chatRequest());
  const share = stage.main.requests.length / 200;
  assert.ok(share > 0.6 && share < 0.9, `the share is ${share}`);
  stage.main.answer(failed(503));
  for (let index = 0; index < 30; ++index) assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare');
});

test('attempts: requests of one session stay with one target', async (t) => {
  const targets = [{ backend: 'main' }, { backend: 'spare' }];
  const stage = await RouteStage.start({ context: t, route: { targets, sticky_header: 'X-Session-ID' } });
  stage.main.answer(answer('main'));
  stage.spare.answer(answer('spare'));
  const seen = new Set();
  for (let session = 0; session < 12; ++session) {
    const once = async () => textOf(await chat(stage.gateway, chatRequest(), { 'x-session-id': `s${session}` }));
    const first = await once();
    seen.add(first);
    for (let index = 0; index < 3; ++index) assert.equal(await once(), first);
  }
  assert.equal(seen.size, 2);
});

test('attempts: an open circuit stays open over a reload', async (t) => {
  const route = { fallbacks: [{ backend: 'spare' }], breaker: { min_calls: 3, open_ms: 60_000 } };
  const stage = await RouteStage.start({ context: t, route });
  stage.main.answer(failed(503));
  stage.spare.answer(answer('spare'));
  for (let index = 0; index < 6; ++index) assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare');
  assert.equal(stage.main.requests.length, 3);
  await stage.gateway.logLine(({ event, target }) => event === 'circuit_opened' && target === 'main');
  stage.rewrite((document) => (document.routes[0].timeouts = { request_ms: 50_000 }));
  const { code, stderr } = await stage.gateway.command('reload');
  assert.equal(code, 0, stderr);
  assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare');
  assert.equal(stage.main.requests.length, 3);
});

test('attempts: a limit for the head of an answer is none for its body', async (t) => {
  const route = { targets: [{ backend: 'main', timeouts: { head_ms: 400 } }], fallbacks: [{ backend: 'spare' }] };
  for (const limited of [{ timeouts: { head_ms: 400 } }, route]) {
    const stage = await RouteStage.start({ context: t, route: limited });
    const whole = JSON.stringify(chatCompletion('main'));
    const fields = { 'content-type': 'application/json', 'content-length': whole.length };
    stage.spare.answer(answer('spare'));
    stage.main.answer(head(200, fields), wait(900), send(whole));
    assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'main');
    stage.main.answer(streamHead(), wait(900), events(chatStream(['main'])), finish());
    const streamed = await chat(stage.gateway, chatRequest({ stream: true }));
    assert.equal(streamedText(assertChatStream(streamed).values), 'main');
    stage.main.answer(stall());
    for (const isStream of [false, true]) {
      const late = await chat(stage.gateway, chatRequest({ stream: isStream }));
      if (limited === route) assert.equal(late.header('x-sluice-attempts'), '2');
      else assertError(late, { status: 504, code: 'timeout' });
    }
  }
});

test('attempts: metrics tell how those at each target ended, and which are left alone', async (t) => {
  const route = { retry: { attempts: 2, backoff_ms: 1 }, fallbacks: [{ backend: 'spare', model: 'm' }], breaker: { min_calls: 3 } };
  const stage = await RouteStage.start({ context: t, route });
  stage.main.answerNext(answer('main'));
  stage.main.answerNext(failed(429, { 'retry-after': '0' }));
  stage.main.answer(failed(503));
  stage.spare.answer(answer('spare'));
  const texts = [];
  for (let index = 0; index < 3; ++index) texts.push(textOf(await chat(stage.gateway, chatRequest())));
  assert.deepEqual(texts, ['main', 'spare', 'spare']);
  const { text: page } = await exchange({ port: join(stage.folder, 'state/admin.sock') }, { target: '/metrics' });
  const count = (labels) => Number(page.match(new RegExp(`^sluice_target_attempts_total\\{${labels}\\} (\\d+)`, 'm'))?.[1]);
  const counts = (target) =>
    ['ok', 'rate_limit', 'server_error', 'timeout'].map((outcome) => count(`outcome="${outcome}",target="${target}"`));
  assert.deepEqual(counts('main'), [1, 1, 2, 0], page);
  assert.deepEqual(counts('spare/m'), [2, 0, 0, 0]);
  assert.match(page, /^sluice_target_circuit_open\{target="main"\} 1$/m);
  assert.match(page, /^sluice_target_circuit_open\{target="spare\/m"\} 0$/m);
});

test('attempts: a target that is left alone is asked how it is, and tried once it says so', async (t) => {
  const breaker = { min_calls: 3, open_ms: 600_000, check_ms: 50 };
  const stage = await RouteStage.start({ context: t, route: { fallbacks: [{ backend: 'spare' }], breaker } });
  const models = stage.main.answers.get('GET /v1/models');
  stage.main.answerOn('GET /v1/models', failed(503));
  stage.main.answer(failed(503));
  stage.spare.answer(answer('spare'));
  for (let index = 0; index < 6; ++index) assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare');
  stage.main.modelListRequests.length = 0;
  await eventually('it is asked again and again', () => stage.main.modelListRequests.length >= 3);
  stage.main.answer(answer('main'));
  assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare', 'it does not answer checks yet');

  stage.main.answerOn('GET /v1/models', ...models);
  await stage.gateway.logLine(({ event, target }) => event === 'target_answers_check' && target === 'main');
  assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'main');
  await stage.gateway.logLine(({ event }) => event === 'circuit_closed');
  stage.main.modelListRequests.length = 0;
  await delay(300);
  assert.equal(stage.main.modelListRequests.length, 0, 'a target that is used is not asked');
});

test('attempts: checks of a target go on after a reload, with the settings of the new configuration', async (t) => {
  const breaker = { min_calls: 3, open_ms: 600_000, check_ms: 50 };
  const stage = await RouteStage.start({ context: t, route: { fallbacks: [{ backend: 'spare' }], breaker } });
  let release;
  const released = new Promise((resolve) => (release = resolve));
  stage.main.answerOn('GET /v1/models', until(released), failed(503));
  stage.main.answer(failed(503));
  stage.spare.answer(answer('spare'));
  for (let index = 0; index < 6; ++index) assert.equal(textOf(await chat(stage.gateway, chatRequest())), 'spare');
  const asked = () => stage.main.modelListRequests.length;
  const before = asked();
  await delay(400);
  assert.ok(asked() - before <= 2, 'a question without an answer is not followed by another');
  stage.rewrite((document) => (document.routes[0].breaker.check_ms = 0));
  const { code, stderr } = await stage.gateway.command('reload');
  assert.equal(code, 0, stderr);
  stage.main.answerOn('GET /v1/models', failed(503));
  const then = asked();
  await delay(400);
  assert.ok(asked() - then <= 1, 'without checks nobody asks');
  release();
  await delay(300);
  assert.ok(asked() - then <= 1, 'nor once the last question is answered');
});

test('attempts: beyond what is held back a stream is sent as it comes', async (t) => {
  const stage = await RouteStage.start({
    context: t,
    route: { on_cut: 'hold', hold_bytes: 4096, fallbacks: [{ backend: 'spare' }] },
  });
  const texts = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(20));
  stage.main.answer(streamHead(), events([roleEvent(), ...texts.map(textEvent)]), finish());
  const { text, status } = await chat(stage.gateway, chatRequest({ stream: true }));
  assert.equal(status, 200);
  assert.match(text, /"code":"stream_error"[^]*data: \[DONE\]\n\n$/);
  assert.ok(text.includes(texts[49]));
  assert.equal(stage.spare.requests.length, 0);
});

test('attempts: what a request took is explained', async (t) => {
  const stage = await RouteStage.start({ context: t, route: { retry: { attempts: 2, backoff_ms: 10 }, fallbacks: [{ backend: 'spare', model: 'other' }] } });
  stage.main.answer(failed(503));
  stage.spare.answer(answer('spare'));
  const response = await chat(stage.gateway, chatRequest());
  const { code, stdout, stderr } = await stage.gateway.command('explain', '--json', response.header('x-request-id'));
  assert.equal(code, 0, stderr);
  const { attempts } = JSON.parse(stdout);
  const facts = attempts.map(({ target, status, reason, model }) => ({ target, status, reason, model }));
  assert.deepEqual(facts, [
    { target: 'main', status: 503, reason: undefined, model: undefined },
    { target: 'main', status: 503, reason: 'retry', model: undefined },
    { target: 'spare', status: 200, reason: 'fallback', model: 'other' },
  ]);
});

test('attempts: a target that does not serve the path is not asked', async (t) => {
  const backends = (upstreams) => ({ ...upstreams, echo: { plugin: 'echo.so' } });
  const stage = await RouteStage.start({ context: t, backends, route: { backend: 'echo', fallbacks: [{ backend: 'spare' }] } });
  const ask = () => exchange(stage.gateway, { method: 'POST', target: '/v1/files', headers: { 'content-type': 'text/plain' }, body: 'x' });
  assertError(await ask(), { status: 404, code: 'not_found' });
  stage.rewrite((document) => (document.routes[0].fallbacks[0].on = ['client_error']));
  assert.equal((await stage.gateway.command('reload')).code, 0);
  stage.spare.answer(json({ id: 'file-1' }));
  assert.deepEqual((await ask()).json, { id: 'file-1' });
});

test('attempts: an upload is not sent twice', async (t) => {
  const stage = await RouteStage.start({ context: t, route: { retry: { attempts: 3, backoff_ms: 10 }, fallbacks: [{ backend: 'spare' }] } });
  stage.main.answer(failed(503));
  const connection = await RawConnection.open(stage.gateway.port);
  const headers = { 'content-type': 'application/octet-stream' };
  await connection.send(requestBytes({ method: 'POST', target: '/v1/files', headers, body: 'x'.repeat(1000) }));
  const response = await connection.response({ method: 'POST' });
  assert.equal(response.status, 503);
  assert.equal(stage.main.requests.length + stage.spare.requests.length, 1);
  connection.close();
});
