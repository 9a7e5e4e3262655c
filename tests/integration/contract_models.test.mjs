import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertError, assertSecurityFields } from './contract.mjs';
import { chatCompletion, chatRequest, modelList } from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, reset } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const get = (target, options = {}) => exchange(gateway, { target, ...options });

test('models: the list is the union of the backends in the shape of the schema', async () => {
  const response = await get('/v1/models');
  assert.equal(response.status, 200, response.text);
  assertSecurityFields(response);
  assert.match(response.header('content-type'), /^application\/json/);
  assert.equal(response.json.object, 'list');
  for (const entry of response.json.data) {
    assert.equal(typeof entry.id, 'string');
    assert.equal(entry.object, 'model');
    assert.ok(Number.isInteger(entry.created), `created of ${entry.id}`);
    assert.equal(typeof entry.owned_by, 'string');
  }
  const ids = response.json.data.map(({ id }) => id);
  for (const id of [...modelList().data.map((entry) => entry.id), 'echo'])
    assert.ok(ids.includes(id), `${id} in ${ids}`);
});

for (const [what, target, id] of [
  ['plain', '/v1/models/gpt-4o', 'gpt-4o'],
  ['with a percent-encoded slash and colon', '/v1/models/org%2Fmodel%3Atag', 'org/model:tag'],
  ['with lower-case percent-encoding', '/v1/models/org%2fmodel%3atag', 'org/model:tag'],
  ['with a query behind it', '/v1/models/gpt-4o?api-version=1', 'gpt-4o'],
]) {
  test(`models: an id ${what} is found`, async () => {
    const response = await get(target);
    assert.equal(response.status, 200, response.text);
    assert.equal(response.json.id, id);
    assert.equal(response.json.object, 'model');
  });
}

test('models: an unknown id is 404 model_not_found', async () => {
  assertError(await get('/v1/models/no-such-model'), {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
  });
  assertError(await get('/v1/models/no%2Fsuch%22model'), {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
  });
});

test('models: HEAD answers like GET without a body', async () => {
  const head = await get('/v1/models', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.match(head.header('content-type'), /^application\/json/);
});

test('models: every listed model answers a chat', async () => {
  upstream.answer(json(chatCompletion('works')));
  const { json: list } = await get('/v1/models');
  for (const { id } of list.data) {
    const response = await chat(gateway, chatRequest({ model: id }));
    assert.equal(response.status, 200, `${id}: ${response.text}`);
  }
});

test('models: a list already fetched is kept while the backend is down', async () => {
  await get('/v1/models');
  upstream.answerOn('GET /v1/models', reset());
  const ids = (await get('/v1/models')).json.data.map(({ id }) => id);
  assert.ok(ids.includes('gpt-4o'), `${ids}`);
  upstream.answerOn('GET /v1/models', json(modelList()));
});

test('models: a backend that was never up is left out and the list still answers', async (t) => {
  const { gateway: lonely } = await stage({ env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } });
  const response = await exchange(lonely, { target: '/v1/models' });
  assert.equal(response.status, 200, response.text);
  const ids = response.json.data.map(({ id }) => id);
  t.diagnostic(`models without an upstream: ${ids}`);
  assert.ok(ids.includes('echo'));
  assert.ok(!ids.includes('gpt-4o'));
});
