import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertError } from './contract.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kBad = { status: 400, type: 'invalid_request_error' };
const kEither = ['invalid_request', 'invalid_json'];
const kMebibyte = 1024 * 1024;

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

const nested = (depth) =>
  `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}],"deep":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

for (const [what, body] of [
  ['cut JSON', '{"model":"gpt-4o-mini","messages":['],
  ['no JSON at all', 'hello'],
  ['an empty body', ''],
  ['two values', '{"model":"gpt-4o-mini","messages":[]} {}'],
  ['a trailing comma', '{"model":"gpt-4o-mini","messages":[],}'],
  ['single quotes', "{'model':'gpt-4o-mini'}"],
  ['a comment', '{"model":"gpt-4o-mini" /* note */}'],
  ['NaN', '{"model":"gpt-4o-mini","temperature":NaN,"messages":[]}'],
  ['a leading zero', '{"model":"gpt-4o-mini","n":01,"messages":[]}'],
  ['a raw line feed in a string', '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a\nb"}]}'],
  ['a bad escape', '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\\x"}]}'],
  [
    'an error deep behind the fields the gateway reads',
    '{"model":"gpt-4o-mini","stream":false,"messages":[{"role":"user","content":"x"}],"metadata":{"a":tru}}',
  ],
]) {
  test(`bad request: ${what} is 400 and never reaches the upstream`, async () => {
    assertError(await chat(gateway, body), { ...kBad, code: kEither });
    assert.equal(upstream.requests.length, 0);
  });
}

for (const body of ['[]', '"text"', '42', 'null', 'true', '[{"model":"gpt-4o-mini"}]']) {
  test(`bad request: ${body} is no object and is 400`, async () => {
    assertError(await chat(gateway, body), { ...kBad, code: kEither });
    assert.equal(upstream.requests.length, 0);
  });
}

for (const [what, bytes] of [
  ['a stray continuation byte', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['a cut sequence', [0xe2, 0x82]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a code point past the end', [0xf4, 0x90, 0x80, 0x80]],
]) {
  test(`bad request: ${what} is invalid UTF-8 and is 400`, async () => {
    const body = Buffer.concat([
      Buffer.from('{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'),
      Buffer.from(bytes),
      Buffer.from('"}]}'),
    ]);
    assertError(await chat(gateway, body), { ...kBad, code: kEither });
    assert.equal(upstream.requests.length, 0);
  });
}

test('bad request: 128 levels of nesting pass, 129 are 400', async () => {
  assert.equal((await chat(gateway, nested(128))).status, 200);
  assertError(await chat(gateway, nested(129)), { ...kBad, code: kEither });
});

test('bad request: half a million brackets are 400 and the process lives', async () => {
  assertError(await chat(gateway, '['.repeat(500_000)), { ...kBad, code: kEither });
  assertError(await chat(gateway, '{"a":'.repeat(150_000)), { ...kBad, code: kEither });
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});

for (const [field, values] of [
  ['stream', ['"true"', '1', '{}', '[]']],
  ['model', ['5', '{}', '["gpt-4o"]', 'true', `"${'m'.repeat(257)}"`]],
]) {
  for (const value of values) {
    test(`bad request: "${field}": ${value.slice(0, 20)} is 400 and names the field`, async () => {
      const request = JSON.stringify(chatRequest()).slice(1, -1);
      const body = field === 'model' ? `{"model":${value},"messages":[]}` : `{${request},"stream":${value}}`;
      assertError(await chat(gateway, body), { ...kBad, code: 'invalid_request', param: field });
      assert.equal(upstream.requests.length, 0);
    });
  }
}

test('bad request: an explicit null counts as absent', async () => {
  assert.equal(
    (await chat(gateway, chatRequest({ stream: null, stream_options: null, temperature: null }))).status,
    200,
  );
});

test('bad request: the same checks hold for the other JSON routes', async () => {
  for (const target of ['/v1/embeddings', '/v1/responses', '/v1/completions', '/v1/moderations']) {
    assertError(await exchange(gateway, { method: 'POST', target, body: '{"model":' }), { ...kBad, code: kEither });
  }
  assert.equal(upstream.requests.length, 0);
});

// ---- size

test('too large: a declared length over 1 MiB is 413 before the body is sent', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/chat/completions',
      headers: { 'Content-Type': 'application/json', 'Content-Length': kMebibyte + 1 },
    }),
  );
  assertError(await connection.response(), { status: 413, type: 'invalid_request_error', code: 'payload_too_large' });
  connection.close();
  assert.equal(upstream.requests.length, 0);
});

test('too large: a chunked body over 1 MiB is 413 before its end', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/chat/completions',
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
    }),
  );
  const piece = Buffer.alloc(65536, ' ');
  const framed = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
  for (let index = 0; index < 17; ++index) connection.send(framed);
  assertError(await connection.response(), { status: 413, type: 'invalid_request_error', code: 'payload_too_large' });
  connection.close();
  assert.equal(upstream.requests.length, 0);
});

test('too large: exactly 1 MiB is accepted', async () => {
  const frame = JSON.stringify(chatRequest({ messages: [{ role: 'user', content: '' }] }));
  const body = frame.replace('"content":""', `"content":"${'x'.repeat(kMebibyte - Buffer.byteLength(frame))}"`);
  assert.equal(Buffer.byteLength(body), kMebibyte);
  assert.equal((await chat(gateway, body)).status, 200);
  assert.equal(upstream.lastRequest.body.length, kMebibyte);
});

test('too large: a client that sends all of a big body still reads the answer', async () => {
  for (const size of [2 * kMebibyte, 8 * kMebibyte]) {
    const response = await chat(gateway, Buffer.alloc(size, ' '));
    assertError(response, { status: 413, type: 'invalid_request_error', code: 'payload_too_large' });
  }
});

test('too large: the bytes of a refused body are not taken for a request', async () => {
  const connection = await RawConnection.open(gateway.port);
  const smuggled = requestBytes({ target: '/v1/models/smuggled' });
  await connection.send(
    Buffer.concat([
      requestBytes({
        method: 'POST',
        target: '/v1/chat/completions',
        headers: { 'Content-Type': 'application/json', 'Content-Length': 3 * kMebibyte },
      }),
      smuggled,
    ]),
  );
  assert.equal((await connection.response()).status, 413);
  const rest = await connection.rest(6000).catch(() => Buffer.alloc(0));
  assert.ok(!rest.includes('HTTP/1.1'), 'no second answer');
  connection.close();
});

// ---- type, route, method

for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json-ish']) {
  test(`content type: ${type} is 415`, async () => {
    assertError(await chat(gateway, chatRequest(), { 'Content-Type': type }), {
      status: 415,
      type: 'invalid_request_error',
      code: 'unsupported_media_type',
    });
    assert.equal(upstream.requests.length, 0);
  });
}

for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8']) {
  test(`content type: ${type} is JSON`, async () => {
    assert.equal((await chat(gateway, chatRequest(), { 'Content-Type': type })).status, 200);
  });
}

test('routes: an unknown route is 404 in the error schema', async () => {
  for (const target of ['/', '/nowhere', '/v2/chat/completions', '/v1chat/completions', '/metrics', '/health/x']) {
    assertError(await exchange(gateway, { target }), { status: 404, type: 'invalid_request_error' });
  }
});

test('routes: a path with dot segments reaches nothing', async () => {
  for (const target of [
    '/health/../secret',
    '/v1/../health',
    '/%2e%2e/etc/passwd',
    '/v1/%2e%2e/%2e%2e/x',
    '/v1/./models',
  ]) {
    const response = await exchange(gateway, { target });
    assert.ok([400, 404].includes(response.status), `${target}: ${response.status}`);
    assertError(response, { status: response.status, type: 'invalid_request_error' });
  }
  assert.equal(upstream.requests.length, 0);
});

for (const [method, target, allowed] of [
  ['GET', '/v1/chat/completions', ['POST']],
  ['PUT', '/v1/chat/completions', ['POST']],
  ['DELETE', '/v1/chat/completions', ['POST']],
  ['POST', '/v1/models', ['GET', 'HEAD']],
  ['POST', '/health', ['GET', 'HEAD']],
  ['DELETE', '/health', ['GET', 'HEAD']],
]) {
  test(`routes: ${method} ${target} is 405 with Allow`, async () => {
    const response = await exchange(gateway, { method, target, body: method === 'GET' ? undefined : '{}' });
    assertError(response, { status: 405, type: 'invalid_request_error' });
    const allow = (response.header('allow') ?? '').split(',').map((name) => name.trim());
    for (const name of allowed) assert.ok(allow.includes(name), `${name} in Allow: ${allow}`);
    assert.ok(!allow.includes(method), `${method} not in Allow: ${allow}`);
  });
}

test('routes: a query string is tolerated everywhere', async () => {
  assert.equal(
    (
      await exchange(gateway, {
        method: 'POST',
        target: '/v1/chat/completions?api-version=2024-10-21',
        body: chatRequest(),
      })
    ).status,
    200,
  );
  assert.equal((await exchange(gateway, { target: '/v1/models?limit=5' })).status, 200);
  assert.equal((await exchange(gateway, { target: '/health?x' })).status, 200);
});

test('routes: after every bad request the gateway still answers a good one', async () => {
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});
