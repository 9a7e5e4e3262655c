import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { chatCompletion, chatRequest, event, finishEvent, kDone, roleEvent, textCompletion } from './openai_shapes.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';
import { kClientKey, stage } from './stage.mjs';
import { body, json, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

// ---- bodies, byte for byte

const kOddBody = `\r\n\t{ "model" :"gpt-4o-mini" ,\n  "seed": 12345678901234567890123, "temperature":1.0, "top_p":1e0, "neg":-0, "tiny":1E-400,
  "messages":[ {"role":"user","content":"\\u00e9\\/\\ud83d\\ude42 é 🙂 \\u0000"} ],"unknown_field":{"z":1,"a":[ ]},
  "dup":1,"dup":2, "empty":"", "nested":{"model":"other","stream":true} }\n\n`;

test('passthrough: a request body goes upstream byte for byte', async () => {
  const response = await chat(gateway, kOddBody);
  assert.equal(response.status, 200, response.text);
  assert.equal(upstream.lastRequest.body.toString('utf8'), kOddBody);
  assert.equal(Number(upstream.lastRequest.headers.get('content-length')), Buffer.byteLength(kOddBody));
});

test('passthrough: a chunked request body arrives whole upstream', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    requestBytes({
      method: 'POST',
      target: '/v1/chat/completions',
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
    }),
  );
  for (const piece of kOddBody.match(/[^]{1,37}/gu)) {
    await connection.send(`${Buffer.byteLength(piece).toString(16)};ext=1\r\n${piece}\r\n`);
  }
  await connection.send('0\r\nX-Trailer: dropped\r\n\r\n');
  assert.equal((await connection.response()).status, 200);
  connection.close();
  assert.equal(upstream.lastRequest.body.toString('utf8'), kOddBody);
  assert.ok(!upstream.lastRequest.headers.has('x-trailer'));
});

test('passthrough: a body that trickles in arrives whole upstream', async () => {
  const connection = await RawConnection.open(gateway.port);
  const bytes = requestBytes({ method: 'POST', target: '/v1/chat/completions', body: kOddBody });
  for (let at = 0; at < bytes.length; at += 41) {
    await connection.send(bytes.subarray(at, at + 41));
    await delay(1);
  }
  assert.equal((await connection.response()).status, 200);
  connection.close();
  assert.equal(upstream.lastRequest.body.toString('utf8'), kOddBody);
});

test('passthrough: an answer body comes back byte for byte', async () => {
  const answer = ` {"id":"chatcmpl-1","object" : "chat.completion","created":1750000000,"model":"m","n":123456789012345678901234567890,"f":1.50,
    "choices":[{"index":0,"message":{"role":"assistant","content":"\\u00e9\\/ 🙂","refusal":null},"logprobs":null,"finish_reason":"stop"}],"x":{ "y" :[1 , 2]}}\n`;
  upstream.answer(json(answer));
  const response = await chat(gateway, chatRequest());
  assert.equal(response.text, answer);
});

test('passthrough: an error body in JSON comes back byte for byte with its status', async () => {
  const answer = '{ "error" : {"message":"no","type":"x","param":null,"code":"y","extra":1.0} }\n';
  upstream.answer(json(answer, { status: 422 }));
  const response = await chat(gateway, chatRequest());
  assert.equal(response.status, 422);
  assert.equal(response.text, answer);
});

test('passthrough: stream events keep the bytes of their data', async () => {
  const data =
    '{"id":"c", "object":"chat.completion.chunk","created":1,"model":"m","big":12345678901234567890, "choices":[ {"index":0,"delta":{"content":"\\u00e9 é \\/"},"finish_reason":null} ]}';
  const list = [roleEvent(), event(data), finishEvent(), kDone];
  upstream.answer(stream(list));
  assert.equal((await chat(gateway, chatRequest({ stream: true }))).text, list.join(''));
});

test('passthrough: no usage is asked for that the client did not ask for', async () => {
  const request = JSON.stringify(chatRequest({ stream: true }));
  upstream.answer(stream([roleEvent(), finishEvent(), kDone]));
  await chat(gateway, request);
  assert.equal(upstream.lastRequest.body.toString(), request);
});

test('passthrough: binary answers and other statuses of other routes come back unchanged', async () => {
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => index & 0xff));
  upstream.answer(
    body(bytes, { status: 201, headers: { 'content-type': 'image/png', 'content-disposition': 'inline' } }),
  );
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/images/generations',
    body: { model: 'dall-e-3', prompt: 'x' },
  });
  assert.equal(response.status, 201);
  assert.equal(response.header('content-type'), 'image/png');
  assert.ok(response.body.equals(bytes));
});

test('passthrough: an answer without a length that ends with the connection comes back whole', async () => {
  const answer = JSON.stringify(chatCompletion('until close'));
  upstream.answer(
    async (at) => at.write(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${answer}`),
    async (at) => {
      at.keepsAlive = false;
    },
  );
  assert.equal((await chat(gateway, chatRequest())).text, answer);
});

test('passthrough: an answer in chunks of one byte with extensions and trailers comes back whole', async () => {
  const answer = JSON.stringify(chatCompletion('chunked'));
  upstream.answer(async (at) => {
    await at.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
    for (const byte of answer) await at.write(`1;note="x"\r\n${byte}\r\n`);
    await at.write('0\r\nx-trailer: gone\r\n\r\n');
  });
  const response = await chat(gateway, chatRequest());
  assert.equal(response.text, answer);
  assert.ok(!response.headers.has('x-trailer'));
});

test('passthrough: interim answers of the upstream are skipped', async () => {
  const answer = JSON.stringify(chatCompletion('after 103'));
  upstream.answer(async (at) =>
    at.write(
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`,
    ),
  );
  assert.equal((await chat(gateway, chatRequest())).text, answer);
});

test('passthrough: a query string of other routes goes upstream', async () => {
  upstream.answer(json({ object: 'list', data: [], has_more: false }));
  await exchange(gateway, { target: '/v1/files?purpose=batch&after=file%2F1' });
  assert.equal(upstream.lastRequest.target, '/v1/files?purpose=batch&after=file%2F1');
  assert.equal(upstream.lastRequest.method, 'GET');
  assert.equal(upstream.lastRequest.body.length, 0);
});

test('passthrough: every method of other routes goes upstream', async () => {
  upstream.answer(json(textCompletion('x')));
  for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'PATCH']) {
    const response = await exchange(gateway, {
      method,
      target: '/v1/vector_stores/vs_1',
      body: ['GET', 'DELETE'].includes(method) ? undefined : '{}',
    });
    assert.equal(response.status, 200, method);
    assert.equal(upstream.lastRequest.method, method);
  }
});

// ---- request headers

const kForwarded = {
  'OpenAI-Organization': 'org-1',
  'OpenAI-Project': 'proj-1',
  'OpenAI-Beta': 'assistants=v2',
  'Idempotency-Key': 'idem-1',
  Accept: 'application/json',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1',
  'User-Agent': 'Test/1.0',
  'X-Stainless-Lang': 'js',
  'X-Stainless-Retry-Count': '0',
  'X-Stainless-Helper-Method': 'stream',
};
const kStripped = {
  Authorization: `Bearer ${kClientKey}`,
  Cookie: 'session=1',
  'X-Claude-Code': 'false',
  'X-Claude-Session-ID': '6f1d2c9a-4c1b-4d5e-9a77-0123456789ab',
  'X-Claude-Anything': 'x',
  'X-OpenAI-API-Key': 'sk-own-1',
  'Proxy-Authorization': 'Basic eDp5',
  'Keep-Alive': 'timeout=5',
  'Proxy-Connection': 'keep-alive',
  'X-Forwarded-For': '10.1.2.3',
  Forwarded: 'for=10.1.2.3',
  'X-Real-IP': '10.1.2.3',
  'X-Custom': 'x',
  Origin: 'https://app.example.com',
  Referer: 'https://app.example.com/',
  TE: 'trailers',
  Upgrade: 'h2c',
  'X-Hop': 'named by Connection',
  Connection: 'keep-alive, X-Hop, Upgrade, TE',
};

test('request headers: the listed ones go upstream with their values', async () => {
  await chat(gateway, chatRequest(), kForwarded);
  const { headers } = upstream.lastRequest;
  for (const [name, value] of Object.entries(kForwarded)) {
    if (name === 'traceparent')
      assert.match(
        headers.get(name) ?? '(none)',
        /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-0[01]$/,
        'the trace goes on',
      );
    else assert.deepEqual(headers.all(name), [value], name);
  }
  assert.deepEqual(headers.all('host'), [`127.0.0.1:${upstream.port}`]);
  assert.deepEqual(headers.all('content-type'), ['application/json']);
});

test('request headers: nothing else of the client goes upstream', async () => {
  await chat(gateway, chatRequest(), kStripped);
  const { headers, headBytes } = upstream.lastRequest;
  for (const name of Object.keys(kStripped)) {
    if (name === 'Authorization' || name === 'Connection') continue;
    assert.ok(!headers.has(name), `${name} does not go upstream`);
  }
  assert.ok(!headBytes.includes(kClientKey));
  assert.ok(!/x-hop/i.test(headers.get('connection') ?? ''));
});

test('request headers: Connection cannot strip what the gateway needs', async () => {
  await chat(gateway, chatRequest(), { Connection: 'Authorization, Content-Length, Host', 'OpenAI-Project': 'p' });
  const { headers, body: sent } = upstream.lastRequest;
  assert.equal(headers.all('authorization').length, 1);
  assert.ok(sent.length > 0);
});

// ---- answer headers

test('answer headers: the listed ones reach the client, hop-by-hop and others do not', async () => {
  const kept = {
    'retry-after': '3',
    'retry-after-ms': '3000',
    'x-should-retry': 'true',
    'x-ratelimit-limit-tokens': '9',
    'x-ratelimit-remaining-tokens': '8',
    'x-ratelimit-reset-tokens': '7ms',
    'openai-processing-ms': '5',
  };
  const dropped = {
    'set-cookie': 'a=b',
    connection: 'keep-alive, x-hop',
    'keep-alive': 'timeout=5',
    'x-hop': '1',
    server: 'fake',
    via: '1.1 fake',
    'alt-svc': 'h3=":443"',
    'strict-transport-security': 'max-age=1',
    'access-control-allow-origin': '*',
  };
  upstream.answer(json(chatCompletion(), { headers: { ...kept, ...dropped, 'x-request-id': 'req_1' } }));
  const response = await chat(gateway, chatRequest());
  for (const [name, value] of Object.entries(kept)) assert.deepEqual(response.headers.all(name), [value], name);
  for (const name of ['set-cookie', 'keep-alive', 'x-hop', 'server', 'via', 'alt-svc', 'access-control-allow-origin'])
    assert.ok(!response.headers.has(name), `${name} is dropped`);
  assert.equal(response.header('x-upstream-request-id'), 'req_1');
});

test('answer headers: the listed ones are on streams too', async () => {
  upstream.answer(
    stream([roleEvent(), finishEvent(), kDone], {
      headers: { 'openai-processing-ms': '5', 'x-ratelimit-remaining-requests': '8', 'x-request-id': 'req_2' },
    }),
  );
  const response = await chat(gateway, chatRequest({ stream: true }));
  assert.equal(response.header('openai-processing-ms'), '5');
  assert.equal(response.header('x-ratelimit-remaining-requests'), '8');
  assert.equal(response.header('x-upstream-request-id'), 'req_2');
});
