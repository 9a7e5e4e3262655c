import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { openaiClient, stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);
const City = z.object({ name: z.string(), inhabitants: z.number(), twins: z.array(z.string()) });
const kFormat = zodResponseFormat(City, 'city');
const kCity = { name: 'Zürich', inhabitants: 447082, twins: ['Kunming', 'San Francisco'] };

beforeEach(() => upstream.forget());

test('openai json_schema: parse() returns the object and the schema went upstream unchanged', async () => {
  upstream.answer(json(chatCompletion(JSON.stringify(kCity))));
  const completion = await client.chat.completions.parse(chatRequest({ response_format: kFormat }));
  assert.deepEqual(completion.choices[0].message.parsed, kCity);
  const sent = JSON.parse(upstream.lastRequest.body).response_format;
  assert.deepEqual(sent, JSON.parse(JSON.stringify(kFormat)));
  assert.equal(sent.json_schema.strict, true);
});

test('openai json_schema: a streamed object is parsed at the end', async () => {
  const text = JSON.stringify(kCity);
  upstream.answer(stream(chatStream([...text])));
  const completion = await client.chat.completions
    .stream(chatRequest({ response_format: kFormat }))
    .finalChatCompletion();
  assert.deepEqual(completion.choices[0].message.parsed, kCity);
});

test('openai json_schema: a refusal reaches the client as a refusal', async () => {
  const answer = chatCompletion(null);
  answer.choices[0].message.refusal = 'I cannot do that.';
  upstream.answer(json(answer));
  const completion = await client.chat.completions.parse(chatRequest({ response_format: kFormat }));
  assert.equal(completion.choices[0].message.refusal, 'I cannot do that.');
  assert.equal(completion.choices[0].message.parsed, null);
});

test('openai json_object: the plain format goes upstream', async () => {
  upstream.answer(json(chatCompletion('{"a": 1}')));
  await client.chat.completions.create(chatRequest({ response_format: { type: 'json_object' } }));
  assert.deepEqual(JSON.parse(upstream.lastRequest.body).response_format, { type: 'json_object' });
});
