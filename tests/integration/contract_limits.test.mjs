import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertBrokenChatStream, assertError } from './contract.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json, stream } from './upstream_steps.mjs';

const kLimits = {
  head_bytes: 4096,
  url_bytes: 512,
  json_body_bytes: 2048,
  stream_body_bytes: 20_000,
  json_depth: 8,
  model_characters: 16,
  event_bytes: 4096,
};
const { upstream, gateway } = await stage({
  settings: { limits: kLimits, replace: [['log:\n', 'metrics:\n  public: true\n\nlog:\n']] },
});
const kTooLarge = { status: 413, type: 'invalid_request_error', code: 'payload_too_large' };
const upload = (size) =>
  exchange(gateway, {
    method: 'POST',
    target: '/v1/audio/transcriptions',
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    body: Buffer.alloc(size, 'u'),
  });

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

test('limits: the JSON body limit is configurable and is exact', async () => {
  const sized = (size) => JSON.stringify(chatRequest()).padEnd(size, ' ');
  assert.equal((await chat(gateway, sized(2048))).status, 200);
  assertError(await chat(gateway, sized(2049)), kTooLarge);
});

test('limits: uploads have a limit of their own', async () => {
  assert.equal((await upload(20_000)).status, 200);
  assertError(await upload(20_001), kTooLarge);
});

test('limits: a chunked upload is counted', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/audio/transcriptions',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x', 'Transfer-Encoding': 'chunked' },
    }),
  );
  for (let index = 0; index < 6; ++index) connection.send(`1000\r\n${'u'.repeat(4096)}\r\n`);
  assertError(await connection.response(), kTooLarge);
  connection.close();
});

test('limits: nesting, model name, head and URL follow the configuration', async () => {
  assertError(await chat(gateway, `{"model":"m","deep":${'['.repeat(8)}${']'.repeat(8)}}`), {
    status: 400,
    type: 'invalid_request_error',
  });
  assert.equal((await chat(gateway, `{"model":"m","deep":${'['.repeat(7)}${']'.repeat(7)}}`)).status, 200);
  assertError(await chat(gateway, chatRequest({ model: 'm'.repeat(17) })), {
    status: 400,
    type: 'invalid_request_error',
    param: 'model',
  });
  assert.equal((await chat(gateway, chatRequest({ model: 'ü'.repeat(16) }))).status, 200);
  assertError(await exchange(gateway, { target: '/health', headers: { 'X-Filler': 'f'.repeat(4200) } }), {
    status: 431,
    type: 'invalid_request_error',
  });
  assertError(await exchange(gateway, { target: `/health?${'q'.repeat(600)}` }), {
    status: 414,
    type: 'invalid_request_error',
  });
});

test('limits: an event over its limit is an error event', async () => {
  upstream.answer(stream(chatStream(['short', 'l'.repeat(5000)])));
  assertBrokenChatStream(await chat(gateway, chatRequest({ stream: true })));
});

test('limits: metrics are on the public port when that is configured', async () => {
  await chat(gateway, chatRequest());
  const response = await exchange(gateway, { target: '/metrics' });
  assert.equal(response.status, 200, response.text.slice(0, 200));
  assert.match(response.header('content-type'), /^text\/plain/);
  assert.match(response.text, /^# TYPE \S+ (counter|gauge|histogram)$/m);
  assert.match(response.text, /^sluice_\w+(\{[^}]*\})? [\d.e+-]+$/m);
});
