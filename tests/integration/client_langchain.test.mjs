import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import {
  apiError,
  chatCompletion,
  chatStream,
  embeddingList,
  kModel,
  responseObject,
  responseStream,
  toolCallCompletion,
  toolCallStream,
} from './openai_shapes.mjs';
import { kClientKey, stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kOptions = { apiKey: kClientKey, maxRetries: 0, configuration: { baseURL: gateway.baseUrl } };
const chat = new ChatOpenAI({ model: kModel, ...kOptions });
const kCalls = [
  { id: 'call_a', name: 'weather', args: '{"city":"Zürich"}' },
  { id: 'call_b', name: 'weather', args: '{"city":"Bern"}' },
];
const weather = tool(async ({ city }) => `sunny in ${city}`, {
  name: 'weather',
  description: 'Weather of a city',
  schema: z.object({ city: z.string() }),
});

beforeEach(() => upstream.forget());

test('langchain: invoke returns the text and the token counts', async () => {
  upstream.answer(json(chatCompletion('Hello!')));
  const message = await chat.invoke([new SystemMessage('Be brief.'), new HumanMessage('Say hello.')]);
  assert.equal(message.content, 'Hello!');
  assert.deepEqual(
    [message.usage_metadata.input_tokens, message.usage_metadata.output_tokens, message.usage_metadata.total_tokens],
    [11, 7, 18],
  );
});

test('langchain: stream delivers the text in pieces and the usage at the end', async () => {
  upstream.answer(stream(chatStream(['Hel', 'lo', ' 🙂'], { usage: true })));
  const texts = [];
  let whole;
  for await (const part of await chat.stream('Say hello.')) {
    texts.push(part.content);
    whole = whole === undefined ? part : whole.concat(part);
  }
  assert.equal(texts.join(''), 'Hello 🙂');
  assert.equal(whole.usage_metadata.total_tokens, 18);
  assert.equal(JSON.parse(upstream.lastRequest.body).stream_options.include_usage, true);
});

test('langchain: withStructuredOutput returns the object of the schema', async () => {
  upstream.answer(json(chatCompletion('{"name":"Bern","lakes":2}')));
  const structured = chat.withStructuredOutput(z.object({ name: z.string(), lakes: z.number() }), {
    name: 'city',
    method: 'jsonSchema',
  });
  assert.deepEqual(await structured.invoke('x'), { name: 'Bern', lakes: 2 });
  assert.equal(JSON.parse(upstream.lastRequest.body).response_format.type, 'json_schema');
});

test('langchain: withStructuredOutput by function calling returns the object', async () => {
  upstream.answer(json(toolCallCompletion([{ id: 'call_1', name: 'city', args: '{"name":"Bern"}' }])));
  const structured = chat.withStructuredOutput(z.object({ name: z.string() }), {
    name: 'city',
    method: 'functionCalling',
  });
  assert.deepEqual(await structured.invoke('x'), { name: 'Bern' });
});

test('langchain: bound tools come back as calls and their results go upstream', async () => {
  upstream.answerNext(json(toolCallCompletion(kCalls)));
  upstream.answerNext(json(chatCompletion('Both sunny.')));
  const bound = chat.bindTools([weather]);
  const question = new HumanMessage('Weather?');
  const asked = await bound.invoke([question]);
  assert.deepEqual(
    asked.tool_calls.map(({ args }) => args.city),
    ['Zürich', 'Bern'],
  );
  const results = asked.tool_calls.map((call) => new ToolMessage({ tool_call_id: call.id, content: 'sunny' }));
  assert.equal((await bound.invoke([question, asked, ...results])).content, 'Both sunny.');
});

test('langchain: streamed tool calls assemble', async () => {
  upstream.answer(stream(toolCallStream(kCalls, { size: 2, usage: true })));
  let whole;
  for await (const part of await chat.bindTools([weather]).stream('Weather?'))
    whole = whole === undefined ? part : whole.concat(part);
  assert.deepEqual(
    whole.tool_calls.map(({ id, args }) => [id, args.city]),
    [
      ['call_a', 'Zürich'],
      ['call_b', 'Bern'],
    ],
  );
});

test('langchain: embeddings return the vectors', async () => {
  upstream.answerOn('POST /v1/embeddings', async (exchange) => {
    const { encoding_format: format } = JSON.parse(exchange.request.body);
    await json(
      embeddingList(
        [
          [1, 2],
          [3, 4],
        ],
        format ?? 'float',
      ),
    )(exchange);
  });
  const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-3-small', ...kOptions });
  assert.deepEqual(
    (await embeddings.embedDocuments(['a', 'b'])).map((vector) => Array.from(vector)),
    [
      [1, 2],
      [3, 4],
    ],
  );
});

test('langchain: the Responses API works plain and streamed', async () => {
  const responses = new ChatOpenAI({ model: kModel, useResponsesApi: true, ...kOptions });
  upstream.answerOn('POST /v1/responses', json(responseObject('Hello!')));
  assert.equal((await responses.invoke('x')).text, 'Hello!');
  upstream.answerOn('POST /v1/responses', stream(responseStream(['Hel', 'lo'])));
  let text = '';
  for await (const part of await responses.stream('x')) text += part.text;
  assert.equal(text, 'Hello');
});

test('langchain: an upstream error keeps its status and code', async () => {
  upstream.answer(
    json(apiError('too long', 'invalid_request_error', { param: 'messages', code: 'context_length_exceeded' }), {
      status: 400,
    }),
  );
  await assert.rejects(chat.invoke('x'), (error) => error.status === 400 && error.code === 'context_length_exceeded');
});
