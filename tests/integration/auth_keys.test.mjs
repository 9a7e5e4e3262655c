import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { assertChatStream, assertError } from './contract.mjs';
import { kUpstreamKey } from './gateway.mjs';
import { bearer } from './managed_keys.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { openaiClient, stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kKey = 'sk-one-key-for-everybody-31b7';
const kListed = ['sk-listed-first-0000000000-aa11', 'sk-listed-second-000000000-bb22'];
const kOrigin = 'https://app.example.com';
const { upstream, gateway } = await stage({
  env: { API_KEY: kKey, API_KEYS: ` ${kListed[0]} ,${kListed[1]}`, CORS_ALLOWED_ORIGINS: kOrigin },
});
const { upstream: openUpstream, gateway: open } = await stage();

const kMissing = { status: 401, type: 'authentication_error', code: 'missing_api_key', param: null };
const kWrong = { status: 401, type: 'authentication_error', code: 'invalid_api_key', param: null };

beforeEach(() => {
  for (const each of [upstream, openUpstream]) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});

function assertRefused(response, expected) {
  assertError(response, expected);
  assert.deepEqual(response.headers.all('www-authenticate'), ['Bearer']);
  assert.equal(upstream.requests.length, 0, 'nothing went upstream');
}

test('auth: without any key nothing is asked for', async () => {
  assert.equal((await chat(open, chatRequest())).status, 200);
  assert.equal((await chat(open, chatRequest(), bearer('whatever-a-client-sends'))).status, 200);
  const sent = openUpstream.requests.map((request) => request.headers.all('authorization'));
  assert.deepEqual(sent, [[`Bearer ${kUpstreamKey}`], [`Bearer ${kUpstreamKey}`]]);
});

test('auth: each of API_KEY and API_KEYS is accepted, and never goes upstream', async () => {
  for (const key of [kKey, ...kListed]) {
    upstream.forget();
    assert.equal((await chat(gateway, chatRequest(), bearer(key))).status, 200);
    assert.ok(!upstream.lastRequest.headBytes.includes(key));
    assert.deepEqual(upstream.lastRequest.headers.all('authorization'), [`Bearer ${kUpstreamKey}`]);
  }
});

test('auth: the scheme may be written in any case, with blanks behind it', async () => {
  for (const scheme of ['bearer', 'BEARER', 'bEaReR', 'Bearer  ', 'Bearer \t'])
    assert.equal((await chat(gateway, chatRequest(), { Authorization: `${scheme} ${kKey}` })).status, 200, scheme);
});

test('auth: a request without a key is told so', async () => {
  assertRefused(await chat(gateway, chatRequest()), kMissing);
  assertRefused(await exchange(gateway, { target: '/v1/models' }), kMissing);
  for (const value of ['', '   ', 'Bearer', 'Bearer  '])
    assertRefused(await chat(gateway, chatRequest(), { Authorization: value }), kMissing);
});

test('auth: a wrong key is refused, near misses too', async () => {
  const wrong = ['x', 'sk-unknown-key-of-nobody-0000', kKey.slice(0, -1), `${kKey}x`, kKey.toUpperCase(), `${kKey} x`];
  for (const key of [...wrong, `${kKey},${kListed[0]}`, `"${kKey}"`, kUpstreamKey])
    assertRefused(await chat(gateway, chatRequest(), bearer(key)), kWrong);
});

test('auth: two headers are refused, also when both have the same right key', async () => {
  for (const second of [kKey, 'another'])
    assertRefused(
      await chat(gateway, chatRequest(), [
        ['Authorization', `Bearer ${kKey}`],
        ['authorization', `Bearer ${second}`],
      ]),
      kWrong,
    );
});

test('auth: another scheme is refused', async () => {
  const basic = `Basic ${Buffer.from(`user:${kKey}`).toString('base64')}`;
  for (const value of [basic, `Token ${kKey}`, kKey, `Bearer:${kKey}`, `Digest username="${kKey}"`])
    assertRefused(await chat(gateway, chatRequest(), { Authorization: value }), kWrong);
});

test('auth: bearers of any length and any bytes are refused and harm nothing', async () => {
  const huge = await chat(gateway, chatRequest(), bearer('k'.repeat(64 * 1024)));
  assert.ok([401, 431].includes(huge.status), `${huge.status}`); // with the rest of the head it is beyond 64 KB
  assertRefused(await chat(gateway, chatRequest(), bearer('k'.repeat(60 * 1024))), kWrong);
  for (const bytes of ['schlüssel', '\xff\xfe\x80', 'a\x80'.repeat(1000), `${kKey}\xa0`])
    assertRefused(await chat(gateway, chatRequest(), bearer(bytes)), kWrong);
  assert.equal((await chat(gateway, chatRequest(), bearer(kKey))).status, 200);
});

test('auth: a key elsewhere is no key', async () => {
  assertRefused(await chat(gateway, chatRequest(), { 'X-API-Key': kKey, 'Api-Key': kKey }), kMissing);
  const target = `/v1/chat/completions?api_key=${kKey}`;
  assertRefused(await exchange(gateway, { method: 'POST', target, body: chatRequest() }), kMissing);
  assertRefused(await chat(gateway, chatRequest(), { 'X-OpenAI-API-Key': kKey }), kMissing);
});

test('auth: 401 comes before anything is said of the body', async () => {
  assertRefused(await chat(gateway, '{"no JSON'), kMissing);
  assertRefused(await chat(gateway, chatRequest(), { 'Content-Type': 'text/plain' }), kMissing);
  assertRefused(await chat(gateway, 'x'.repeat(2 << 20)), kMissing);
  assertRefused(await chat(gateway, undefined, { 'Content-Length': String(1 << 30) }), kMissing);
});

test('auth: the body of a refused request is not waited for', async () => {
  const connection = await RawConnection.open(gateway.port);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': '1000000' };
  await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers }));
  assertRefused(await connection.response({ limitMs: 1000 }), kMissing);
  connection.close();
});

test('auth: a refused client that asked for 100 Continue gets the refusal instead', async () => {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': '1000', Expect: '100-continue' };
  const response = await exchange(gateway, { method: 'POST', target: '/v1/chat/completions', headers });
  assertRefused(response, kMissing);
  assert.deepEqual(response.interim, []);
});

test('auth: health and preflights need no key, and a refusal is readable across origins', async () => {
  assert.equal((await exchange(gateway, { target: '/health' })).status, 200);
  const asking = { Origin: kOrigin, 'Access-Control-Request-Method': 'POST' };
  const preflight = await exchange(gateway, { method: 'OPTIONS', target: '/v1/chat/completions', headers: asking });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.header('access-control-allow-origin'), kOrigin);
  const refused = await chat(gateway, chatRequest(), { Origin: kOrigin });
  assertRefused(refused, kMissing);
  assert.equal(refused.header('access-control-allow-origin'), kOrigin);
});

test('auth: streams need the key too, and are whole with it', async () => {
  upstream.answer(stream(chatStream()));
  assertRefused(await chat(gateway, chatRequest({ stream: true })), kMissing);
  assertChatStream(await chat(gateway, chatRequest({ stream: true }), bearer(kKey)));
});

test('auth: the openai client sees its AuthenticationError', async () => {
  const ask = (apiKey) => openaiClient(gateway, { apiKey }).chat.completions.create(chatRequest());
  await assert.rejects(ask('sk-wrong'), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError, error.constructor.name);
    assert.equal(error.status, 401);
    assert.equal(error.code, 'invalid_api_key');
    assert.equal(error.type, 'authentication_error');
    return true;
  });
  assert.equal((await ask(kKey)).choices[0].message.content, 'Hello!');
});

test('auth: the access log shows the masked key, and no log line shows a key', async () => {
  const { headers } = await chat(gateway, chatRequest(), bearer(kListed[1]));
  const line = await gateway.accessLine(headers.get('x-request-id'));
  assert.match(JSON.stringify(line), /"sk-\.\.\.bb22"/);
  const refused = await chat(gateway, chatRequest(), bearer('sk-tried-by-somebody-who-guesses-9z9z'));
  await gateway.accessLine(refused.header('x-request-id'));
  const written = gateway.stdout + gateway.stderr;
  for (const key of [kKey, ...kListed, 'tried-by-somebody', kUpstreamKey]) assert.ok(!written.includes(key), key);
});
