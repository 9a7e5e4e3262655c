import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { chatCompletion, chatRequest, chatStream, toolCallCompletion, toolCallStream } from './openai_shapes.mjs';
import { openaiClient, stage } from './stage.mjs';
import { json, sliced, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);

const kTools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: {
    name,
    description: `${name} of a city`,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}));
const kCalls = [
  { id: 'call_a', name: 'get_weather', args: '{"city":"Zürich","unit":"°C"}' },
  { id: 'call_b', name: 'get_time', args: '{"city":"S\\u00e3o Paulo 🙂"}' },
];
const kPlain = kCalls.map(({ id, name, args }) => ({ id, type: 'function', function: { name, arguments: args } }));

beforeEach(() => upstream.forget());

function assembled(chunks) {
  const calls = [];
  for (const delta of chunks.flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? [])) {
    const call = (calls[delta.index] ??= { id: '', type: '', function: { name: '', arguments: '' } });
    call.id += delta.id ?? '';
    call.type += delta.type ?? '';
    call.function.name += delta.function?.name ?? '';
    call.function.arguments += delta.function?.arguments ?? '';
  }
  return calls;
}

test('openai tools: parallel calls of a plain answer come back with their JSON text unchanged', async () => {
  upstream.answer(json(toolCallCompletion(kCalls)));
  const { choices } = await client.chat.completions.create(chatRequest({ tools: kTools, tool_choice: 'auto' }));
  assert.equal(choices[0].finish_reason, 'tool_calls');
  assert.equal(choices[0].message.content, null);
  assert.deepEqual(choices[0].message.tool_calls, kPlain);
});

test('openai tools: the declared tools and the choice go upstream unchanged', async () => {
  upstream.answer(json(toolCallCompletion(kCalls)));
  const toolChoice = { type: 'function', function: { name: 'get_time' } };
  await client.chat.completions.create(
    chatRequest({ tools: kTools, tool_choice: toolChoice, parallel_tool_calls: false }),
  );
  const sent = JSON.parse(upstream.lastRequest.body);
  assert.deepEqual(sent.tools, kTools);
  assert.deepEqual(sent.tool_choice, toolChoice);
  assert.equal(sent.parallel_tool_calls, false);
});

for (const size of [1, 2, 3, 7]) {
  test(`openai tools: streamed parallel calls in fragments of ${size} assemble without loss`, async () => {
    upstream.answer(stream(toolCallStream(kCalls, { size })));
    const chunks = [];
    for await (const chunk of await client.chat.completions.create(chatRequest({ tools: kTools, stream: true })))
      chunks.push(chunk);
    assert.deepEqual(assembled(chunks), kPlain);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  });
}

test('openai tools: streamed calls survive packets of one byte', async () => {
  upstream.answer(stream(sliced(toolCallStream(kCalls, { size: 20 }).join(''), 1)));
  const chunks = [];
  for await (const chunk of await client.chat.completions.create(chatRequest({ tools: kTools, stream: true })))
    chunks.push(chunk);
  assert.deepEqual(assembled(chunks), kPlain);
});

test('openai tools: the stream() helper ends with the whole calls', async () => {
  upstream.answer(stream(toolCallStream(kCalls)));
  const completion = await client.chat.completions.stream(chatRequest({ tools: kTools })).finalChatCompletion();
  assert.deepEqual(
    completion.choices[0].message.tool_calls.map(({ id, function: { name, arguments: args } }) => ({ id, name, args })),
    kCalls,
  );
});

for (const isStreamed of [false, true]) {
  test(`openai tools: runTools calls the functions and sends their results back, ${isStreamed ? 'streamed' : 'plain'}`, async () => {
    upstream.answerNext(isStreamed ? stream(toolCallStream(kCalls)) : json(toolCallCompletion(kCalls)));
    upstream.answerNext(isStreamed ? stream(chatStream(['Sunny', ' at noon'])) : json(chatCompletion('Sunny at noon')));
    const called = [];
    const tools = kTools.map((tool) => ({
      ...tool,
      function: {
        ...tool.function,
        parse: JSON.parse,
        function: (args) => {
          called.push([tool.function.name, args.city]);
          return `${tool.function.name} ok`;
        },
      },
    }));
    const runner = client.chat.completions.runTools(chatRequest({ tools, stream: isStreamed }));
    assert.equal(await runner.finalContent(), 'Sunny at noon');
    assert.deepEqual(called, [
      ['get_weather', 'Zürich'],
      ['get_time', 'São Paulo 🙂'],
    ]);
    const second = JSON.parse(upstream.requests[1].body).messages;
    assert.deepEqual(
      second.filter(({ role }) => role === 'tool').map(({ tool_call_id: id, content }) => [id, content]),
      [
        ['call_a', 'get_weather ok'],
        ['call_b', 'get_time ok'],
      ],
    );
  });
}

test('openai tools: the deprecated function_call answer comes back unchanged', async () => {
  const answer = chatCompletion(null);
  answer.choices[0].message.function_call = { name: 'f', arguments: '{ "a" : 1 }' };
  answer.choices[0].finish_reason = 'function_call';
  upstream.answer(json(answer));
  const { choices } = await client.chat.completions.create(chatRequest({ functions: [{ name: 'f', parameters: {} }] }));
  assert.deepEqual(choices[0].message.function_call, { name: 'f', arguments: '{ "a" : 1 }' });
});
