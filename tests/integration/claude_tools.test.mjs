import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ask,
  claudeRequest,
  claudeStage,
  health,
  kAnswerLimitMs,
  programProcesses,
  turn,
  untilIdle,
} from './claude_stage.mjs';
import { assertChatStream, assertError } from './contract.mjs';
import { eventually } from './gateway.mjs';
import { callTools, reply } from './messages_steps.mjs';
import { ScriptedCli } from './scripted_cli.mjs';
import { openaiClient } from './stage.mjs';

// Tools of the client, offered to the model through the program, and its calls brought back to the client.
const { api, gateway } = await claudeStage({ claude: { features: { tools: true } } });
const client = openaiClient(gateway, { timeout: kAnswerLimitMs, defaultHeaders: { 'X-Claude-Code': 'true' } });

const kTools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: {
    name,
    description: `${name} of a city`,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}));
const kBoth = [
  { name: 'mcp__gw__get_weather', input: { city: 'Zürich' } },
  { name: 'mcp__gw__get_time', input: { city: 'São Paulo 🙂' } },
];

beforeEach(async () => {
  await untilIdle(gateway);
  api.forget();
});

// The name the program gives a tool of ours: the model sees it with the name of the channel before it.
const toolNamed = (request, name) => request.toolNames.find((known) => known.endsWith(name));

// The first request is answered with calls, those after it, which bring results, with the text.
function callThenSay(calls, text) {
  api.answer((exchange) => {
    if (exchange.request.toolResults.length > 0) return reply([text])(exchange);
    const named = calls.map((call) => ({
      ...call,
      name: toolNamed(exchange.request, call.name.replace('mcp__gw__', '')),
    }));
    return callTools(named)(exchange);
  });
}

const resultsOf = (calls) =>
  calls.map(({ id, function: { name } }) => ({ role: 'tool', tool_call_id: id, content: `${name} says fine` }));

test('claude tools: calls end the answer, and their results go on with the same turn', async () => {
  callThenSay(kBoth, 'Fine at noon.');
  const user = { role: 'user', content: 'weather and time?' };
  const { response, session } = await turn(gateway, '', { messages: [user], tools: kTools });
  const [{ message, finish_reason: reason }] = response.json.choices;
  assert.equal(reason, 'tool_calls');
  assert.equal(message.content, 'Let me see. ');
  assert.deepEqual(
    message.tool_calls.map(({ type, function: { name, arguments: args } }) => [type, name, JSON.parse(args)]),
    [
      ['function', 'get_weather', { city: 'Zürich' }],
      ['function', 'get_time', { city: 'São Paulo 🙂' }],
    ],
  );
  assert.equal(api.requests.length, 1);
  const messages = [user, message, ...resultsOf(message.tool_calls)];
  const { response: after } = await turn(gateway, '', { session, messages, tools: kTools });
  assert.equal(after.json.choices[0].message.content, 'Fine at noon.');
  assert.equal(after.json.choices[0].finish_reason, 'stop');
  const results = api.lastRequest.toolResults.map(({ tool_use_id: id, content }) => [id, content[0].text]);
  const expected = message.tool_calls.map(({ id, function: { name } }) => [id, `${name} says fine`]);
  assert.deepEqual(results.sort(), expected.sort());
  await turn(gateway, 'thanks', { session, tools: kTools });
});

test('claude tools: the model is told name, description and parameters', async () => {
  await turn(gateway, 'hi', { tools: kTools });
  const [tool] = api.lastRequest.body.tools.filter(({ name }) => name.endsWith('get_weather'));
  assert.equal(tool.description, 'get_weather of a city');
  assert.deepEqual(tool.input_schema.required, ['city']);
  assert.equal(api.lastRequest.body.tools.length, 2, 'and of no other tool');
});

test('claude tools: streamed calls have an index, an id and pieces of arguments', async () => {
  callThenSay(kBoth, 'x');
  const { values } = assertChatStream(await ask(gateway, 'both', { tools: kTools, stream: true }));
  const calls = [];
  for (const delta of values.flatMap(({ choices }) => choices[0].delta.tool_calls ?? [])) {
    const call = (calls[delta.index] ??= { args: '' });
    call.id ??= delta.id;
    call.name ??= delta.function?.name;
    call.args += delta.function?.arguments ?? '';
  }
  assert.deepEqual(
    calls.map(({ name, args }) => [name, JSON.parse(args)]),
    [
      ['get_weather', { city: 'Zürich' }],
      ['get_time', { city: 'São Paulo 🙂' }],
    ],
  );
  assert.ok(calls.every(({ id }) => id) && calls[0].id !== calls[1].id);
  assert.equal(values.at(-1).choices[0].finish_reason, 'tool_calls');
});

for (const stream of [false, true]) {
  test(`claude tools: npm openai runs several rounds by itself (stream: ${stream})`, async () => {
    let round = 0;
    api.answer((exchange) => {
      if (round++ === 3) return reply(['Enough.'])(exchange);
      const calls = round === 2 ? kBoth : kBoth.slice(0, 1);
      const named = calls.map((call) => ({
        ...call,
        name: toolNamed(exchange.request, call.name.replace('mcp__gw__', '')),
      }));
      return callTools(named)(exchange);
    });
    const called = [];
    const tools = kTools.map(({ type, function: definition }) => {
      const run = ({ city }) => (called.push(`${definition.name} ${city}`), 'sunny');
      return { type, function: { ...definition, parse: JSON.parse, function: run } };
    });
    const runner = client.chat.completions.runTools(claudeRequest('go', { tools, stream }));
    assert.equal(await runner.finalContent(), 'Enough.');
    assert.deepEqual(called, [
      'get_weather Zürich',
      'get_weather Zürich',
      'get_time São Paulo 🙂',
      'get_weather Zürich',
    ]);
    assert.equal(api.requests.length, 4, 'one turn, without a question asked twice');
  });
}

test('claude tools: a process that waits for results is no running turn, and ends in time', async () => {
  const claude = { features: { tools: true }, process_idle_ms: 2000 };
  const { api: ownApi, gateway: own } = await claudeStage({ claude });
  ownApi.answer((exchange) => {
    if (exchange.request.toolResults.length > 0 || exchange.request.userText.includes('says fine'))
      return reply(['late'])(exchange);
    return callTools([{ ...kBoth[0], name: toolNamed(exchange.request, 'get_weather') }])(exchange);
  });
  const user = { role: 'user', content: 'weather?' };
  const { response, session } = await turn(own, '', { messages: [user], tools: kTools });
  assert.equal((await health(own)).checks.capacity.active, 0);
  assert.equal(programProcesses(own).length, 1);
  await eventually('the waiting process ends', () => programProcesses(own).length === 0, 10_000);
  const { message } = response.json.choices[0];
  const messages = [user, message, ...resultsOf(message.tool_calls)];
  const late = await ask(own, '', { session, messages, tools: kTools });
  assert.ok([200, 404].includes(late.status), late.text);
});

test('claude tools: what the program says while its turn waits for results is not lost', async () => {
  const event = (value) => ({ line: JSON.stringify({ type: 'stream_event', event: value }) });
  const tool = { type: 'tool_use', id: 'toolu_1', name: 'mcp__gw__get_weather', input: {} };
  const params = { name: 'get_weather', arguments: {}, _meta: { 'claudecode/toolUseId': tool.id } };
  const message = { jsonrpc: '2.0', id: 7, method: 'tools/call', params };
  const call = {
    type: 'control_request',
    request_id: 'r1',
    request: { subtype: 'mcp_message', server_name: 'gw', message },
  };
  const cli = new ScriptedCli({
    turn: [
      event({ type: 'message_start', message: { id: 'msg_1', usage: { input_tokens: 1, output_tokens: 1 } } }),
      event({ type: 'content_block_start', index: 0, content_block: tool }),
      event({ type: 'content_block_stop', index: 0 }),
      event({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 3 } }),
      event({ type: 'message_stop' }),
      { wait: 200 },
      { line: JSON.stringify(call) },
      { until_reply: call.request_id },
      { say: 'Sunny.' },
    ],
  });
  after(() => cli.remove());
  const { gateway: own } = await claudeStage({
    cli: cli.path,
    claude: { features: { tools: true }, silence_ms: 3000 },
  });
  const user = { role: 'user', content: 'weather?' };
  const { response, session } = await turn(own, '', { messages: [user], tools: kTools });
  const [{ message: asked, finish_reason: reason }] = response.json.choices;
  assert.equal(reason, 'tool_calls');
  await delay(500);
  const messages = [user, asked, ...resultsOf(asked.tool_calls)];
  assert.equal((await turn(own, '', { session, messages, tools: kTools })).text, 'Sunny.');
  const reply = cli.log.find(({ record }) => record?.type === 'control_response').record.response;
  assert.equal(reply.response.mcp_response.id, 7);
  assert.equal(reply.response.mcp_response.result.content[0].text, 'get_weather says fine');
});

test('claude tools: results nobody asked for are refused, or a new session with the history', async () => {
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'tool', tool_call_id: 'call_unknown', content: 'x' },
  ];
  const response = await ask(gateway, '', { messages, tools: kTools });
  if (response.status !== 200) assertError(response, { status: 400, type: 'invalid_request_error' });
});

test('claude tools: a client that leaves its calls unanswered can go on with words', async () => {
  callThenSay(kBoth.slice(0, 1), 'never');
  const { session } = await turn(gateway, 'weather?', { tools: kTools });
  api.answer(reply(['as you like']));
  const response = await ask(gateway, 'never mind', { session, tools: kTools });
  assert.equal(response.status, 200, response.text);
  assert.equal(response.json.choices[0].message.content, 'as you like');
});

test('claude tools: a choice that cannot be kept is refused, none offers nothing', async () => {
  const forced = { type: 'function', function: { name: 'get_time' } };
  for (const choice of ['required', forced]) {
    const response = await ask(gateway, 'hi', { tools: kTools, tool_choice: choice });
    assertError(response, { status: 400, code: 'unsupported_parameter', param: 'tool_choice' });
  }
  await turn(gateway, 'hi', { tools: kTools, tool_choice: 'none' });
  assert.deepEqual(api.lastRequest.toolNames, []);
});
