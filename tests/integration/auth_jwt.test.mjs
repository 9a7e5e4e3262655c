import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { bearer } from './managed_keys.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json } from './upstream_steps.mjs';

const kIssuer = 'https://login.example.com';
const kAudience = 'sluice';
const kWrong = { status: 401, type: 'authentication_error', code: 'invalid_api_key', param: null };
const kUnavailable = { status: 503, type: 'server_error', code: 'backend_unavailable', param: null };
const kKey = 'sk-beside-the-tokens-000000001';

const rsa = (kid) => ({ kid, alg: 'RS256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });
const ec = (kid) => ({ kid, alg: 'ES256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) });
const first = rsa('first');
const second = ec('second');
const later = ec('later');
const stranger = rsa('first'); // the id of a key it is not

const setOf = (...keys) =>
  JSON.stringify({
    keys: keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' })),
  });
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const nowSeconds = () => Math.floor(Date.now() / 1000);
const claimsOf = (more = {}) => ({ iss: kIssuer, aud: kAudience, sub: 'somebody', exp: nowSeconds() + 600, ...more });

function tokenOf(key, claims = claimsOf(), header = {}) {
  const text = `${encode({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })}.${encode(claims)}`;
  const form = key.alg === 'ES256' ? { key: key.privateKey, dsaEncoding: 'ieee-p1363' } : key.privateKey;
  return `${text}.${sign('sha256', Buffer.from(text), form).toString('base64url')}`;
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-jwt-'));
const file = join(folder, 'jwks.json');
writeFileSync(file, setOf(first, second));
let published = setOf(first, second);
let fetched = 0;
const issuer = http.createServer((request, response) => {
  ++fetched;
  if (published === undefined) return response.writeHead(500).end();
  response.writeHead(200, { 'content-type': 'application/json' }).end(published);
});
await new Promise((resolve) => issuer.listen(0, '127.0.0.1', resolve));
after(() => {
  issuer.closeAllConnections();
  issuer.close();
  rmSync(folder, { recursive: true, force: true });
});

const place = (source, more = {}) => {
  const jwt = { issuer: kIssuer, audience: kAudience, leeway_s: 0, refresh_ms: 1000, ...source };
  const middleware = chain({
    auth: { jwt, managed: false, cache_ms: 200, ...more },
    client: [{ per: 'key', requests: 1000, window_ms: 60000 }],
  });
  return stage({ settings: { middleware } });
};
const { upstream, gateway } = await place({ jwks_file: file }, { api_key: kKey });
const { upstream: urlUpstream, gateway: byUrl } = await place({
  jwks_url: `http://127.0.0.1:${issuer.address().port}/keys`,
});
const ask = (token, at = gateway) => chat(at, chatRequest(), bearer(token));

beforeEach(() => {
  for (const each of [upstream, urlUpstream]) {
    each.forget();
    each.answer(json(chatCompletion()));
  }
});

test('jwt: tokens of each key of the file are accepted, and do not go upstream', async () => {
  for (const key of [first, second]) {
    const token = tokenOf(key);
    assert.equal((await ask(token)).status, 200);
    assert.ok(!upstream.lastRequest.headBytes.includes(token));
  }
  assert.equal((await ask(kKey)).status, 200, 'keys work beside them');
  assertError(await chat(gateway, chatRequest()), { status: 401, code: 'missing_api_key' });
});

test('jwt: one holder has one count, whatever token is shown', async () => {
  const remaining = async (key, claims) =>
    Number((await ask(tokenOf(key, claimsOf(claims)))).header('x-ratelimit-remaining'));
  assert.equal(await remaining(first, { sub: 'counted' }), 999);
  assert.equal(await remaining(second, { sub: 'counted' }), 998);
  assert.equal(await remaining(first, { sub: 'another' }), 999);
});

test('jwt: wrong signatures are refused', async () => {
  const token = tokenOf(first);
  const [head, claims, signature] = token.split('.');
  const forged = encode(claimsOf({ sub: 'admin' }));
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10] ^= 1;
  for (const bad of [
    tokenOf(stranger),
    `${head}.${forged}.${signature}`,
    `${head}.${claims}.${bytes.toString('base64url')}`,
    `${head}.${claims}.${tokenOf(second).split('.')[2]}`,
    `${head}.${claims}.`,
    `${head}.${claims}`,
  ])
    assertError(await ask(bad), kWrong);
  assert.equal((await ask(token)).status, 200);
});

test('jwt: no token says itself how it is to be checked', async () => {
  const claims = encode(claimsOf());
  for (const alg of ['none', 'None', 'NONE', '']) {
    for (const signature of ['', 'AA', tokenOf(first).split('.')[2]])
      assertError(await ask(`${encode({ alg, kid: 'first' })}.${claims}.${signature}`), kWrong);
  }
  // The public key as the secret of an HMAC.
  const text = `${encode({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${claims}`;
  for (const format of ['pem', 'der']) {
    const secret = first.publicKey.export({ type: 'spki', format });
    assertError(await ask(`${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`), kWrong);
  }
  const own = stranger.publicKey.export({ format: 'jwk' });
  assertError(await ask(tokenOf({ ...stranger, kid: 'own' }, claimsOf(), { jwk: own })), kWrong);
  const jku = `http://127.0.0.1:${issuer.address().port}/other`;
  assertError(await ask(tokenOf({ ...stranger, kid: 'own' }, claimsOf(), { jku })), kWrong);
  assertError(await ask(tokenOf(first, claimsOf(), { crit: ['x'], x: 1 })), kWrong);
});

test('jwt: time, issuer and audience are heeded', async () => {
  for (const claims of [
    { exp: nowSeconds() - 5 },
    { exp: undefined },
    { exp: 'soon' },
    { nbf: nowSeconds() + 300 },
    { iss: 'https://other.example.com' },
    { iss: undefined },
    { aud: 'another' },
    { aud: ['another', 'third'] },
    { aud: undefined },
    { sub: undefined },
    { sub: '' },
  ])
    assertError(await ask(tokenOf(first, claimsOf(claims))), kWrong);
  assert.equal((await ask(tokenOf(first, claimsOf({ aud: ['another', kAudience] })))).status, 200);
});

test('jwt: a token stops working when it expires, known or not', async () => {
  const token = tokenOf(first, claimsOf({ exp: nowSeconds() + 2 }));
  assert.equal((await ask(token)).status, 200);
  await eventually('the token has expired', async () => (await ask(token)).status === 401, 4000);
});

test('jwt: a file that is replaced is read again', async () => {
  const token = tokenOf(later);
  assertError(await ask(token), kWrong);
  writeFileSync(`${file}.new`, setOf(first, second, later));
  renameSync(`${file}.new`, file);
  await eventually('the new key is known', async () => (await ask(token)).status === 200, 5000);
});

test('jwt: a key set behind a URL is fetched, and again for a key that is new', async () => {
  assert.equal((await ask(tokenOf(second), byUrl)).status, 200);
  const before = fetched;
  for (let sent = 0; sent < 20; ++sent) assert.equal((await ask(tokenOf(first), byUrl)).status, 200);
  assert.ok(fetched - before <= 2, `fetched ${fetched - before} times for 20 requests`);
  published = setOf(first, second, later);
  await eventually('the new key is known', async () => (await ask(tokenOf(later), byUrl)).status === 200, 5000);
});

test('jwt: while the URL fails, keys known before go on working', async () => {
  published = undefined;
  assert.equal((await ask(tokenOf(second), byUrl)).status, 200);
  const refused = await ask(tokenOf(stranger), byUrl);
  assert.equal(refused.status, 401);
  published = setOf(first, second, later);
});

test('jwt: tokens cannot be judged before there was a key set', async () => {
  published = undefined;
  const { gateway: late, upstream: lateUpstream } = await place({
    jwks_url: `http://127.0.0.1:${issuer.address().port}/late`,
  });
  lateUpstream.answer(json(chatCompletion()));
  assertError(await ask(tokenOf(first), late), kUnavailable);
  published = setOf(first);
  await eventually('the key set is there', async () => (await ask(tokenOf(first), late)).status === 200, 8000);
});

test('jwt: no token stands in the log', async () => {
  const token = tokenOf(first, claimsOf({ sub: 'not-logged-in-full' }));
  const response = await ask(token);
  await gateway.accessLine(response.header('x-request-id'));
  assert.ok(!(gateway.stdout + gateway.stderr).includes(token.split('.')[2]));
});
