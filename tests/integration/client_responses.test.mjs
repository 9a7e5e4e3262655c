import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { assertSecurityFields, parseEvents } from './contract.mjs';
import { kModel, responseObject, responseStream } from './openai_shapes.mjs';
import { exchange } from './raw_http.mjs';
import { openaiClient, stage } from './stage.mjs';
import { events, finish, json, lastChunk, sliced, stream, streamHead } from './upstream_steps.mjs';

const kRoute = 'POST /v1/responses';
const { upstream, gateway } = await stage();
const client = openaiClient(gateway);
const kRequest = { model: kModel, input: 'Say hello.' };

beforeEach(() => upstream.forget());

test('openai responses: a plain answer comes back unchanged with its text', async () => {
  upstream.answerOn(kRoute, json(responseObject('Hello!')));
  const answer = await client.responses.create(kRequest);
  assert.equal(answer.output_text, 'Hello!');
  assert.deepEqual(answer.usage, responseObject().usage);
  assert.deepEqual(JSON.parse(upstream.lastRequest.body), kRequest);
});

test('openai responses: a stream delivers its named events in order', async () => {
  upstream.answerOn(kRoute, stream(responseStream(['Hel', 'lo ', '🙂'])));
  const types = [];
  let text = '';
  for await (const part of await client.responses.create({ ...kRequest, stream: true })) {
    types.push(part.type);
    if (part.type === 'response.output_text.delta') text += part.delta;
  }
  assert.equal(text, 'Hello 🙂');
  assert.equal(types[0], 'response.created');
  assert.equal(types.at(-1), 'response.completed');
});

test('openai responses: on the wire the events keep their names and no [DONE] is added', async () => {
  upstream.answerOn(kRoute, stream(responseStream()));
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/responses',
    body: { ...kRequest, stream: true },
  });
  assert.equal(response.status, 200);
  assertSecurityFields(response, { isStream: true });
  assert.equal(response.text, responseStream().join(''));
  assert.ok(!response.text.includes('[DONE]'));
  assert.ok(parseEvents(response.text).list.every(({ event, data }) => event === JSON.parse(data).type));
});

test('openai responses: a stream cut into single bytes arrives whole', async () => {
  upstream.answerOn(kRoute, stream(sliced(responseStream(['wörld']).join(''), 1)));
  const stages = [];
  for await (const part of await client.responses.create({ ...kRequest, stream: true })) stages.push(part.type);
  assert.equal(stages.at(-1), 'response.completed');
});

test('openai responses: response.failed and response.incomplete are proper ends', async () => {
  for (const type of ['response.failed', 'response.incomplete']) {
    const list = responseStream().slice(0, 3);
    list.push(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 3, response: responseObject('', { status: type.split('.')[1] }) })}\n\n`,
    );
    upstream.answerOn(kRoute, stream(list));
    const response = await exchange(gateway, {
      method: 'POST',
      target: '/v1/responses',
      body: { ...kRequest, stream: true },
    });
    assert.equal(response.text, list.join(''));
  }
});

for (const [how, ending] of [
  ['ends', lastChunk()],
  ['drops', finish()],
]) {
  test(`openai responses: a stream that ${how} before response.completed throws at the client`, async () => {
    upstream.answerOn(kRoute, streamHead(), events(responseStream().slice(0, 4), { gapMs: 10 }), ending);
    const seen = [];
    await assert.rejects(async () => {
      for await (const part of await client.responses.create({ ...kRequest, stream: true })) {
        if (part.type === 'error') throw new OpenAI.APIError(undefined, part, part.message, undefined);
        seen.push(part.type);
      }
    });
    assert.ok(!seen.includes('response.completed'));
  });
}

test('openai responses: retrieve, delete, cancel and input items pass through', async () => {
  upstream.answerOn('GET /v1/responses/resp_1', json(responseObject('kept')));
  upstream.answerOn('DELETE /v1/responses/resp_1', json({ id: 'resp_1', object: 'response', deleted: true }));
  upstream.answerOn('POST /v1/responses/resp_1/cancel', json(responseObject('', { status: 'cancelled' })));
  upstream.answerOn(
    'GET /v1/responses/resp_1/input_items',
    json({ object: 'list', data: [], has_more: false, first_id: null, last_id: null }),
  );
  assert.equal((await client.responses.retrieve('resp_1')).output_text, 'kept');
  await client.responses.delete('resp_1');
  assert.equal((await client.responses.cancel('resp_1')).status, 'cancelled');
  await client.responses.inputItems.list('resp_1');
  assert.deepEqual(
    upstream.requests.map(({ method, path }) => `${method} ${path}`),
    [
      'GET /v1/responses/resp_1',
      'DELETE /v1/responses/resp_1',
      'POST /v1/responses/resp_1/cancel',
      'GET /v1/responses/resp_1/input_items',
    ],
  );
});

test('openai responses: the stream() helper returns the final response', async () => {
  upstream.answerOn(kRoute, stream(responseStream(['a', 'b'])));
  const final = await client.responses.stream(kRequest).finalResponse();
  assert.equal(final.output_text, 'ab');
});
