import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ask, claudeRequest, claudeStage, kAnswerLimitMs, turn, untilIdle } from './claude_stage.mjs';
import { assertChatStream, assertError, streamedText } from './contract.mjs';
import { begin, finish, reply, textBlock, toolBlock } from './messages_steps.mjs';
import { openaiClient } from './stage.mjs';

const features = { sampling: true, reasoning_effort: true, images: true, response_format: true };
const { api, gateway } = await claudeStage({ claude: { features } });
const client = openaiClient(gateway, { timeout: kAnswerLimitMs, defaultHeaders: { 'X-Claude-Code': 'true' } });

beforeEach(() => api.forget());

test('claude features: sampling parameters reach the model for this turn only', async () => {
  const sampling = { temperature: 0.5, stop: ['END', 'STOP'], max_tokens: 77 };
  const { response, session } = await turn(gateway, 'hi', sampling);
  assert.equal(response.header('x-claude-ignored-params'), undefined);
  const { body } = api.lastRequest;
  assert.equal(body.temperature, 0.5);
  assert.deepEqual(body.stop_sequences, ['END', 'STOP']);
  assert.equal(body.max_tokens, 77);
  await turn(gateway, 'again', { session, seed: 3, top_p: 0.25, max_completion_tokens: 55 });
  assert.equal(api.lastRequest.body.max_tokens, 55);
  assert.equal(api.lastRequest.body.top_p, 0.25);
  await turn(gateway, 'and again', { session });
  const later = api.lastRequest.body;
  for (const key of ['top_p', 'stop_sequences']) assert.ok(!(key in later), key);
  assert.ok(later.max_tokens > 1000, `max_tokens ${later.max_tokens}`);
});

test('claude features: one stop sequence may be a text, and what is out of range is refused', async () => {
  await turn(gateway, 'hi', { stop: 'END' });
  assert.deepEqual(api.lastRequest.body.stop_sequences, ['END']);
  for (const bad of [{ temperature: 'hot' }, { temperature: 9 }, { top_p: -1 }, { max_tokens: 0 }, { stop: 5 }])
    assertError(await ask(gateway, 'hi', bad), { status: 400, type: 'invalid_request_error', code: 'invalid_request' });
});

test('claude features: what is not in the feature is still listed as ignored', async () => {
  const { response } = await turn(gateway, 'hi', { temperature: 1, seed: 5, user: 'x' });
  assert.deepEqual(
    response
      .header('x-claude-ignored-params')
      .split(/\s*,\s*/)
      .sort(),
    ['seed', 'user'],
  );
});

test('claude features: of temperature and top_p together, which models refuse, the first is honoured', async () => {
  const { response } = await turn(gateway, 'hi', { temperature: 0.5, top_p: 0.25 });
  assert.equal(response.header('x-claude-ignored-params'), 'top_p');
  const { body } = api.lastRequest;
  assert.deepEqual([body.temperature, body.top_p], [0.5, undefined]);
});

test('claude features: max_tokens that is reached ends the answer with length', async () => {
  api.answerNext(begin(), textBlock(['short']), finish('max_tokens'));
  api.answer(reply(['more'], { firstMs: 300 }));
  const { response } = await turn(gateway, 'hi', { max_tokens: 3 });
  assert.equal(response.json.choices[0].message.content, 'short');
  assert.equal(response.json.choices[0].finish_reason, 'length');
  await untilIdle(gateway);
});

test('claude features: reasoning_effort reaches the model for this turn only', async () => {
  const { session } = await turn(gateway, 'hi', { reasoning_effort: 'low' });
  assert.equal(api.lastRequest.body.output_config?.effort, 'low');
  await turn(gateway, 'hi', { session });
  assert.notEqual(api.lastRequest.body.output_config?.effort, 'low');
  const bad = await ask(gateway, 'hi', { reasoning_effort: 'heroic' });
  assertError(bad, { status: 400, type: 'invalid_request_error', code: 'invalid_request' });
});

const kPixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const image = (url) => ({ type: 'image_url', image_url: { url } });
const imagesOf = ({ body }) => body.messages.at(-1).content.filter(({ type }) => type === 'image');

test('claude features: pictures go to the model, from data and by address', async () => {
  const text = { type: 'text', text: 'what is it?' };
  await turn(gateway, [text, image(`data:image/png;base64,${kPixel}`)]);
  const [inline] = imagesOf(api.lastRequest);
  assert.deepEqual([inline.source.type, inline.source.media_type], ['base64', 'image/png']);
  assert.equal(inline.source.data, kPixel);
  await turn(gateway, [image('https://example.org/cat.png'), text]);
  assert.equal(imagesOf(api.lastRequest)[0].source.url, 'https://example.org/cat.png');
});

for (const url of [
  'file:///etc/passwd',
  '/etc/passwd',
  'data:text/html;base64,AAAA',
  'data:image/png;base64,%%%',
  'ftp://x/y',
]) {
  test(`claude features: the picture ${url} is refused`, async () => {
    const response = await ask(gateway, [{ type: 'text', text: 'x' }, image(url)]);
    assertError(response, { status: 400, type: 'invalid_request_error' });
    assert.equal(api.requests.length, 0);
  });
}

const kSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'number' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};
const kFormat = { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema: kSchema } };
const kWeather = { city: 'Zürich', degrees: 21.5 };
const structured = () => async (exchange) => {
  // After the result of its own tool the program asks once more, for the end of the turn.
  if (exchange.request.toolResults.length > 0) return reply(['done'])(exchange);
  assert.ok(exchange.request.toolNames.includes('StructuredOutput'), `${exchange.request.toolNames}`);
  await begin()(exchange);
  await toolBlock({ name: 'StructuredOutput', input: kWeather })(exchange);
  await finish('tool_use')(exchange);
};

for (const stream of [false, true]) {
  test(`claude features: json_schema answers with JSON of that schema and nothing else (stream: ${stream})`, async () => {
    api.answer(structured());
    const response = await ask(gateway, 'weather?', { response_format: kFormat, stream });
    const said = stream ? streamedText(assertChatStream(response).values) : response.json.choices[0].message.content;
    assert.deepEqual(JSON.parse(said), kWeather);
    assert.match(response.text, /"finish_reason":\s*"stop"/);
  });

  test(`claude features: prose where json_schema was asked is no success (stream: ${stream})`, async () => {
    api.answer(reply(['It is warm in Zürich.']));
    const response = await ask(gateway, 'weather?', { response_format: kFormat, stream });
    assert.ok(response.status >= 500 || response.text.includes('"error"'), response.text.slice(-300));
  });
}

test('claude features: json_object is still refused', async () => {
  const response = await ask(gateway, 'x', { response_format: { type: 'json_object' } });
  assertError(response, { status: 400, code: 'unsupported_parameter', param: 'response_format' });
});

test('claude features: npm openai parses structured answers', async () => {
  api.answer(structured());
  const answer = await client.chat.completions.parse(claudeRequest('weather?', { response_format: kFormat }));
  assert.deepEqual(JSON.parse(answer.choices[0].message.content), kWeather);
});
