import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertChatStream, assertSecurityFields, streamedText } from './contract.mjs';
import { chat, exchange } from './raw_http.mjs';
import { openaiClient, stage } from './stage.mjs';

// No key and an address nobody listens on: what echo answers needs no network.
const { upstream, gateway } = await stage({
  env: { OPENAI_API_KEY: undefined, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
});
const request = (extra = {}) => ({
  model: 'echo',
  messages: [{ role: 'user', content: 'Hellö there 🙂 "quoted" \\ and\nnew line' }],
  ...extra,
});

test('echo: a plain answer is a whole chat completion that repeats the text', async () => {
  const response = await chat(gateway, request());
  assert.equal(response.status, 200, response.text);
  assertSecurityFields(response);
  assert.equal(response.header('x-backend-mode'), 'echo');
  const answer = response.json;
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.model, 'echo');
  assert.ok(
    Number.isInteger(answer.created) && Math.abs(answer.created - Date.now() / 1000) < 60,
    `created is now in seconds: ${answer.created}`,
  );
  assert.ok(typeof answer.id === 'string' && answer.id.length > 0);
  const [choice] = answer.choices;
  assert.equal(choice.index, 0);
  assert.equal(choice.finish_reason, 'stop');
  assert.ok('logprobs' in choice && 'refusal' in choice.message, 'nullable fields that the schema requires are there');
  assert.equal(choice.message.role, 'assistant');
  assert.ok(choice.message.content.includes(request().messages[0].content), choice.message.content);
});

test('echo: a streamed answer is a whole chat stream with the same text', async () => {
  const response = await chat(gateway, request({ stream: true }));
  const { values } = assertChatStream(response);
  assert.equal(response.header('x-backend-mode'), 'echo');
  assert.equal(values[0].choices[0].delta.role, 'assistant');
  assert.ok(streamedText(values).includes(request().messages[0].content));
  assert.equal(values.at(-1).choices[0].finish_reason, 'stop');
  assert.equal(
    new Set(values.map(({ id, created, model }) => `${id} ${created} ${model}`)).size,
    1,
    'id, created and model are the same in all chunks',
  );
  assert.ok(values.every(({ object }) => object === 'chat.completion.chunk'));
  assert.ok(values.slice(0, -1).every(({ choices }) => choices[0].finish_reason === null));
  assert.ok(
    values.every(({ choices }) => choices.length === 1),
    'no usage chunk unasked',
  );
});

test('echo: the usage chunk comes when it is asked for', async () => {
  const { values } = assertChatStream(
    await chat(gateway, request({ stream: true, stream_options: { include_usage: true } })),
  );
  const last = values.at(-1);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
});

test('echo: the openai client reads plain and streamed answers', async () => {
  const client = openaiClient(gateway);
  const plain = await client.chat.completions.create(request());
  const streamed = await client.chat.completions.stream(request()).finalChatCompletion();
  assert.equal(plain.choices[0].message.content, streamed.choices[0].message.content);
});

test('echo: its model is listed and can be retrieved', async () => {
  const { json } = await exchange(gateway, { target: '/v1/models' });
  assert.ok(json.data.some(({ id }) => id === 'echo'));
  assert.equal((await exchange(gateway, { target: '/v1/models/echo' })).json.id, 'echo');
});

test('echo: text parts are understood', async () => {
  const response = await chat(gateway, {
    model: 'echo',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'part one' }] }],
  });
  assert.equal(response.status, 200, response.text);
  assert.ok(response.json.choices[0].message.content.includes('part one'));
});

test('echo: fifty requests at once are answered', async () => {
  const texts = Array.from({ length: 50 }, (_, index) => `number ${index}.`);
  const answers = await Promise.all(
    texts.map((content, index) =>
      chat(gateway, { model: 'echo', stream: index % 2 === 1, messages: [{ role: 'user', content }] }),
    ),
  );
  answers.forEach((answer, index) => {
    const text =
      index % 2 === 1 ? streamedText(assertChatStream(answer).values) : answer.json.choices[0].message.content;
    assert.ok(text.includes(texts[index]));
  });
  assert.equal(upstream.requests.length, 0);
});
