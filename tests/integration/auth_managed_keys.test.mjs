import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chain } from './chain.mjs';
import { assertError } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';
import { bearer, createKey, keys } from './managed_keys.mjs';
import { chatCompletion, chatRequest, embeddingList } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { hold, release } from './held_streams.mjs';
import { json } from './upstream_steps.mjs';

const kChain = chain({ auth: {}, client: [{ per: 'key', requests: 1000 }, { per: 'key', concurrent: 5 }] });
const { upstream, gateway } = await stage({ settings: { middleware: kChain } });
const kWrong = { status: 401, type: 'authentication_error', code: 'invalid_api_key', param: null };
const kForbidden = { status: 403, type: 'permission_error', code: 'model_not_allowed' };
const ask = (key, extra = {}, at = gateway) => chat(at, chatRequest(extra), bearer(key));

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

async function assertWorks(key, at = gateway) {
  const response = await ask(key, {}, at);
  assert.equal(response.status, 200, response.text);
}

test('managed keys: the first one that is made locks the gateway', async () => {
  assert.equal((await chat(gateway, chatRequest())).status, 200);
  const made = await createKey(gateway, 'first');
  assert.match(made.key, /^sk-slc-[\w-]{48}$/);
  assert.match(made.id, /^key_[0-9a-f]{16}$/);
  assertError(await chat(gateway, chatRequest()), { status: 401, code: 'missing_api_key' });
  await assertWorks(made.key);
  assertError(await ask(`${made.key.slice(0, -1)}${made.key.endsWith('A') ? 'B' : 'A'}`), kWrong);
});

test('managed keys: list and show tell everything but the key', async () => {
  const made = await createKey(gateway, 'shown', '--owner', 'team-a', '--label', 'env=test', '--budget', '12.50');
  const shown = await keys(gateway, 'show', made.id);
  const listed = (await keys(gateway, 'list')).keys.find(({ id }) => id === made.id);
  const text = (await gateway.command('keys', 'list')).stdout + (await gateway.command('keys', 'show', made.id)).stdout;
  for (const record of [shown, listed]) {
    assert.equal(record.name, 'shown');
    assert.equal(record.owner, 'team-a');
    assert.equal(record.key, undefined);
  }
  for (const known of [made.id, 'shown', 'team-a', `...${made.key.slice(-4)}`]) assert.ok(text.includes(known), known);
  assert.ok(!(text + JSON.stringify([shown, listed])).includes(made.key));
});

test('managed keys: a revoked key is refused at once', async () => {
  const made = await createKey(gateway, 'to be revoked');
  await assertWorks(made.key);
  await keys(gateway, 'revoke', made.id);
  assertError(await ask(made.key), kWrong);
});

test('managed keys: a rotated key has its owner, and the old one works for the overlap', async () => {
  const old = await createKey(gateway, 'rotated', '--owner', 'rotating', '--model', 'gpt-*', '--requests', '5/60000');
  const next = await keys(gateway, 'rotate', old.id, '--overlap', '2s');
  assert.equal(next.owner, 'rotating');
  assert.notEqual(next.key, old.key);
  const first = await ask(old.key);
  const second = await ask(next.key);
  assert.deepEqual([first.status, second.status], [200, 200]);
  const remaining = [first, second].map((response) => Number(response.header('x-ratelimit-remaining')));
  assert.deepEqual(remaining, [4, 3], 'both count for one owner');
  assertError(await ask(next.key, { model: 'o1' }), kForbidden);
  await delay(2100);
  assertError(await ask(old.key), kWrong);
  assert.equal((await ask(next.key)).status, 200);
});

test('managed keys: an expired key is refused', async () => {
  const made = await createKey(gateway, 'short', '--expires', '2s');
  await assertWorks(made.key);
  await delay(2100);
  assertError(await ask(made.key), kWrong);
});

test('managed keys: models and routes are kept to', async () => {
  const made = await createKey(gateway, 'narrow', '--model', 'gpt-4o*', '--route', '/v1/chat/*', '--route', '/v1/models');
  await assertWorks(made.key);
  upstream.forget();
  assertError(await ask(made.key, { model: 'o3-mini' }), { ...kForbidden, param: 'model' });
  const embeddings = { method: 'POST', target: '/v1/embeddings', headers: bearer(made.key) };
  upstream.answerOn('POST /v1/embeddings', json(embeddingList([[1]])));
  assertError(await exchange(gateway, { ...embeddings, body: { model: 'gpt-4o', input: 'x' } }), kForbidden);
  assert.equal(upstream.requests.length, 0);
  const list = await exchange(gateway, { target: '/v1/models', headers: bearer(made.key) });
  assert.deepEqual(list.json.data.map(({ id }) => id).sort(), ['gpt-4o', 'gpt-4o-mini']);
});

test('managed keys: limits of their own stand in for those of the configuration', async () => {
  const made = await createKey(gateway, 'limited', '--requests', '3/60000', '--concurrent', '1');
  const held = await hold(upstream, gateway, chatRequest({ stream: true }), bearer(made.key));
  assertError(await ask(made.key), { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  await release(held);
  upstream.answer(json(chatCompletion()));
  assert.equal((await ask(made.key)).status, 200);
  assert.equal((await ask(made.key)).status, 200);
  const over = await ask(made.key);
  assertError(over, { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  assert.equal(over.header('x-ratelimit-limit'), '3');
});

test('managed keys: names are text, not SQL, not Redis protocol, not JSON', async () => {
  const names = [
    `'; DROP TABLE entries; --`,
    `") OR 1=1 --`,
    `a "quoted" name, {"key": 1}`,
    `*3 $3 SET $1 a $1 b`,
    '%s%n%x ${HOME} $(id) `id`',
    'Schlüssel für 東京 🔑',
  ];
  for (const name of names) {
    const made = await createKey(gateway, name, '--owner', name);
    const shown = await keys(gateway, 'show', made.id);
    assert.deepEqual([shown.name, shown.owner], [name, name]);
    await assertWorks(made.key);
  }
  for (const name of ['a\r\n*1\r\n$8\r\nFLUSHALL', 'line\nbreak', '\u0001', '', 'n'.repeat(500)]) {
    const { code, stderr } = await gateway.command('keys', 'create', '--name', name);
    assert.equal(code, 2, `${JSON.stringify(name)}: ${stderr}`);
  }
  assert.ok((await keys(gateway, 'list')).keys.length >= names.length);
});

test('managed keys: wrong arguments are exit code 2, unknown keys 1', async () => {
  const codes = async (...words) => (await gateway.command('keys', ...words)).code;
  assert.equal(await codes(), 2);
  assert.equal(await codes('destroy'), 2);
  assert.equal(await codes('create'), 2);
  assert.equal(await codes('create', '--name', 'x', '--expires', 'soon'), 2);
  assert.equal(await codes('show', 'key_*'), 2);
  assert.equal(await codes('revoke', 'key_0000000000000000'), 1);
  assert.equal((await gateway.command('locks', 'list')).code, 2);
  assert.equal(await codes('--help'), 0);
});

test('managed keys: no key stands in the log or in the files of the gateway', async () => {
  const made = await createKey(gateway, 'not written down');
  const response = await ask(made.key);
  const line = await gateway.accessLine(response.header('x-request-id'));
  assert.ok(JSON.stringify(line).includes(`sk-slc-...${made.key.slice(-4)}`), JSON.stringify(line));
  assert.ok(!(gateway.stdout + gateway.stderr).includes(made.key));
  const files = readdirSync(gateway.stateDirectory, { recursive: true }).map((name) => join(gateway.stateDirectory, name));
  const contents = files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path));
  assert.ok(contents.length > 0);
  for (const bytes of contents) assert.ok(!bytes.includes(made.key) && !bytes.includes(made.key.slice(7)));
});

test('managed keys: made, rotated and revoked while no gateway runs', async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  const other = await FakeUpstream.start();
  after(async () => {
    await other.stop();
    rmSync(stateDirectory, { recursive: true, force: true });
  });
  other.answer(json(chatCompletion()));
  const options = { upstream: other, stateDirectory, settings: { middleware: kChain } };
  const before = await Gateway.start(options);
  const early = await createKey(before, 'made while it ran');
  assert.equal((await before.stop()).code, 0);
  const offline = await createKey(before, 'made in between');
  const revoked = await createKey(before, 'made and revoked in between');
  await keys(before, 'revoke', revoked.id);
  const gateway2 = await Gateway.start(options);
  for (const { key } of [early, offline]) await assertWorks(key, gateway2);
  assertError(await ask(revoked.key, {}, gateway2), kWrong);
  assert.equal((await gateway2.stop()).code, 0);
});
