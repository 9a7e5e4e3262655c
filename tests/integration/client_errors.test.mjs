import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { apiError, chatCompletion, chatRequest } from './openai_shapes.mjs';
import { openaiClient, stage } from './stage.mjs';
import { body, json, reset } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);

const kClasses = [
  [
    400,
    OpenAI.BadRequestError,
    apiError('too long', 'invalid_request_error', { param: 'messages', code: 'context_length_exceeded' }),
  ],
  [401, OpenAI.AuthenticationError, apiError('bad key', 'invalid_request_error', { code: 'invalid_api_key' })],
  [403, OpenAI.PermissionDeniedError, apiError('not you', 'permission_error', { code: 'forbidden' })],
  [
    404,
    OpenAI.NotFoundError,
    apiError('no model', 'invalid_request_error', { param: 'model', code: 'model_not_found' }),
  ],
  [409, OpenAI.ConflictError, apiError('busy', 'conflict_error', { code: 'conflict' })],
  [422, OpenAI.UnprocessableEntityError, apiError('odd', 'invalid_request_error', { param: 'tools[0]' })],
  [429, OpenAI.RateLimitError, apiError('slow down', 'tokens', { code: 'rate_limit_exceeded' })],
  [500, OpenAI.InternalServerError, apiError('broken', 'server_error')],
  [503, OpenAI.InternalServerError, apiError('overloaded', 'server_error', { code: 'overloaded' })],
];

beforeEach(() => upstream.forget());

for (const stream of [false, true]) {
  for (const [status, ErrorClass, answer] of kClasses) {
    test(`openai errors: ${status} becomes ${ErrorClass.name} with every field, ${stream ? 'streamed' : 'plain'}`, async () => {
      upstream.answer(json(answer, { status, headers: { 'x-request-id': 'req_upstream' } }));
      await assert.rejects(client.chat.completions.create(chatRequest({ stream })), (error) => {
        assert.ok(error instanceof ErrorClass, `${error.constructor.name} is a ${ErrorClass.name}`);
        assert.equal(error.status, status);
        assert.deepEqual(error.error, answer.error);
        assert.deepEqual(
          [error.type, error.param, error.code],
          [answer.error.type, answer.error.param, answer.error.code],
        );
        assert.match(error.requestID, /^[0-9a-f-]{36}$/);
        assert.equal(error.headers.get('x-upstream-request-id'), 'req_upstream');
        return true;
      });
    });
  }
}

test('openai errors: other 4xx are plain API errors with their status', async () => {
  upstream.answer(json(apiError('teapot', 'invalid_request_error'), { status: 418 }));
  await assert.rejects(
    client.chat.completions.create(chatRequest()),
    (error) => error instanceof OpenAI.APIError && error.status === 418,
  );
});

for (const [what, bytes, headers] of [
  ['text', 'upstream connect error', { 'content-type': 'text/plain' }],
  ['HTML', '<html><body>502 Bad Gateway</body></html>', { 'content-type': 'text/html' }],
  ['empty', '', {}],
]) {
  test(`openai errors: a body of ${what} becomes an error object with its status`, async () => {
    upstream.answer(body(bytes, { status: 502, headers }));
    await assert.rejects(client.chat.completions.create(chatRequest()), (error) => {
      assert.ok(error instanceof OpenAI.InternalServerError);
      assert.equal(error.status, 502);
      assert.deepEqual(Object.keys(error.error ?? {}).sort(), ['code', 'message', 'param', 'type']);
      return true;
    });
  });
}

test('openai errors: an upstream that resets is a 502 with upstream_error', async () => {
  upstream.answer(reset());
  await assert.rejects(
    client.chat.completions.create(chatRequest()),
    (error) => error instanceof OpenAI.InternalServerError && error.status === 502 && error.code === 'upstream_error',
  );
});

test('openai errors: rate-limit headers of the upstream reach the client', async () => {
  const headers = {
    'retry-after': '7',
    'retry-after-ms': '7000',
    'x-should-retry': 'false',
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '1s',
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '5',
    'x-ratelimit-reset-tokens': '6m0s',
    'openai-processing-ms': '12',
  };
  upstream.answer(json(apiError('slow down', 'requests', { code: 'rate_limit_exceeded' }), { status: 429, headers }));
  await assert.rejects(client.chat.completions.create(chatRequest()), (error) => {
    for (const [name, value] of Object.entries(headers)) assert.equal(error.headers.get(name), value, name);
    return true;
  });
});

test('openai errors: rate-limit headers of a good answer reach the client too', async () => {
  upstream.answer(
    json(chatCompletion(), {
      headers: { 'x-ratelimit-remaining-tokens': '149984', 'openai-processing-ms': '345', 'x-request-id': 'req_ok' },
    }),
  );
  const { response } = await client.chat.completions.create(chatRequest()).withResponse();
  assert.equal(response.headers.get('x-ratelimit-remaining-tokens'), '149984');
  assert.equal(response.headers.get('openai-processing-ms'), '345');
  assert.equal(response.headers.get('x-upstream-request-id'), 'req_ok');
});
