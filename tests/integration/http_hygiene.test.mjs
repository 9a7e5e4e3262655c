import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertError } from './contract.mjs';
import { chatCompletion, chatRequest } from './openai_shapes.mjs';
import { chat, exchange, RawConnection } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { json } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kBody = JSON.stringify(chatRequest());
const kLength = Buffer.byteLength(kBody);
const kPost = 'POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n';
const kGet = 'GET /health HTTP/1.1\r\nHost: gateway.test\r\n';

beforeEach(() => {
  upstream.forget();
  upstream.answer(json(chatCompletion()));
});

// Sends bytes and returns everything the gateway sent until it closed.
async function closing(bytes, limitMs = 5000) {
  const connection = await RawConnection.open(gateway.port);
  connection.send(Buffer.from(bytes, 'latin1'));
  const response = await connection.response({ limitMs });
  const after = await connection.rest(limitMs);
  connection.close();
  return { response, after };
}

const chunked = (body) => `${kPost}Transfer-Encoding: chunked\r\n\r\n${body}`;
const sized = (length) => `${kPost}Content-Length: ${length}\r\n\r\n${kBody}`;

const kRefused = [
  [
    'Content-Length and Transfer-Encoding together',
    `${kPost}Content-Length: ${kLength}\r\nTransfer-Encoding: chunked\r\n\r\n${kLength.toString(16)}\r\n${kBody}\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length together',
    `${kPost}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n`,
  ],
  ['two differing lengths', `${kPost}Content-Length: ${kLength}\r\nContent-Length: ${kLength + 1}\r\n\r\n${kBody} `],
  ['a list of differing lengths', sized(`${kLength}, ${kLength + 1}`)],
  ['a signed length', sized(`+${kLength}`)],
  ['a negative length', sized('-1')],
  ['a hexadecimal length', sized('0x10')],
  ['an empty length', sized('')],
  ['a length with a blank inside', sized('1 0')],
  ['a fractional length', sized('10.0')],
  ['a length beyond 64 bits', sized('99999999999999999999999')],
  ['a chunk size with a sign', chunked(`+${kLength.toString(16)}\r\n${kBody}\r\n0\r\n\r\n`)],
  ['a negative chunk size', chunked(`-1\r\n${kBody}\r\n0\r\n\r\n`)],
  ['a chunk size with 0x', chunked(`0x${kLength.toString(16)}\r\n${kBody}\r\n0\r\n\r\n`)],
  ['a chunk size that ends in a bare LF', chunked(`${kLength.toString(16)}\n${kBody}\r\n0\r\n\r\n`)],
  ['a chunk size beyond 64 bits', chunked(`fffffffffffffffff\r\n${kBody}\r\n0\r\n\r\n`)],
  ['a chunk without its line end', chunked(`${kLength.toString(16)}\r\n${kBody}XX0\r\n\r\n`)],
  ['an empty chunk size', chunked(`\r\n${kBody}\r\n0\r\n\r\n`)],
  ['a chunk size that is a word', chunked(`size\r\n${kBody}\r\n0\r\n\r\n`)],
  ['bare LF line ends', `GET /health HTTP/1.1\nHost: gateway.test\n\n`],
  ['one field that ends in a bare LF', `${kGet}X-A: 1\nX-B: 2\r\n\r\n`],
  ['a bare CR inside a field', `${kGet}X-A: 1\rX-B: 2\r\n\r\n`],
  ['a folded field', `${kGet}X-Long: one\r\n two\r\n\r\n`],
  ['a folded field with a tab', `${kGet}X-Long: one\r\n\ttwo\r\n\r\n`],
  ['a folded first field', 'GET /health HTTP/1.1\r\n Host: gateway.test\r\n\r\n'],
  ['a folded length', `${kPost}Content-Length:\r\n ${kLength}\r\n\r\n${kBody}`],
  ['a folded Transfer-Encoding', `${kPost}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a blank before the colon', `${kPost}Content-Length : ${kLength}\r\n\r\n${kBody}`],
  ['a field without a colon', `${kGet}NoColonHere\r\n\r\n`],
  ['a field without a name', `${kGet}: value\r\n\r\n`],
  ['a field name with a bracket', `${kGet}X[1]: value\r\n\r\n`],
  ['NUL in a value', `${kGet}X-A: a\0b\r\n\r\n`],
  ['a missing Host', 'GET /health HTTP/1.1\r\n\r\n'],
  ['two Hosts', `${kGet}Host: other.test\r\n\r\n`],
  ['two equal Hosts', `${kGet}Host: gateway.test\r\n\r\n`],
  ['a request line without a version', 'GET /health\r\nHost: gateway.test\r\n\r\n'],
  ['a request line of one word', 'HELLO\r\n\r\n'],
  ['a method with a blank before it', ' GET /health HTTP/1.1\r\nHost: gateway.test\r\n\r\n'],
  ['a target with a blank', 'GET /hea lth HTTP/1.1\r\nHost: gateway.test\r\n\r\n'],
  ['an unknown protocol', 'GET /health HTTQ/1.1\r\nHost: gateway.test\r\n\r\n'],
  ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  [
    'Transfer-Encoding in HTTP/1.0',
    `${kPost.replace('HTTP/1.1', 'HTTP/1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
];

for (const [what, bytes] of kRefused) {
  test(`hygiene: ${what} is 400 and the connection closes`, async () => {
    const { response, after } = await closing(bytes);
    assertError(response, { status: 400, type: 'invalid_request_error' });
    assert.equal(after.length, 0, `nothing more is answered: ${after.toString('latin1').slice(0, 200)}`);
    assert.equal(upstream.requests.length, 0);
  });
}

for (const coding of [
  'gzip',
  'identity',
  'chunked, gzip',
  'gzip, chunked',
  'xchunked',
  'chunked, chunked',
  '"chunked"',
  'chunked\x0b',
  '',
]) {
  test(`hygiene: Transfer-Encoding: ${JSON.stringify(coding)} is refused and the connection closes`, async () => {
    const { response, after } = await closing(
      `${kPost}Transfer-Encoding: ${coding}\r\n\r\n${kLength.toString(16)}\r\n${kBody}\r\n0\r\n\r\n`,
    );
    assert.ok([400, 501].includes(response.status), `status ${response.status}`);
    assert.equal(after.length, 0);
    assert.equal(upstream.requests.length, 0);
  });
}

test('hygiene: Transfer-Encoding in another case and with blanks is chunked', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    `${kPost}Transfer-Encoding:  Chunked \r\n\r\n${kLength.toString(16).toUpperCase()}\r\n${kBody}\r\n0\r\n\r\n`,
  );
  assert.equal((await connection.response()).status, 200);
  connection.close();
});

test('hygiene: HTTP/2.0 in the request line is refused', async () => {
  const { response } = await closing('GET /health HTTP/2.0\r\nHost: gateway.test\r\n\r\n');
  assert.ok([400, 505].includes(response.status), `status ${response.status}`);
});

test('hygiene: a smuggled second request behind a bad one is not answered', async () => {
  const { after } = await closing(
    `${kPost}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n`,
  );
  assert.equal(after.length, 0);
});

test('hygiene: a zero in front of a length is a number', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(sized(`0${kLength}`));
  const { status } = await connection.response();
  connection.close();
  assert.ok([200, 400].includes(status), `status ${status}`);
});

// ---- sizes

test('hygiene: a head over 64 KB is 431', async () => {
  for (const fields of [
    `X-Filler: ${'f'.repeat(70_000)}\r\n`,
    Array.from({ length: 3000 }, (_, index) => `X-Field-${index}: ${'v'.repeat(20)}\r\n`).join(''),
  ]) {
    const { response } = await closing(`${kGet}${fields}\r\n`);
    assertError(response, { status: 431, type: 'invalid_request_error' });
  }
});

test('hygiene: a head without end is 431, not endless memory', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(kGet);
  let isAnswered = false;
  const answer = connection.response().finally(() => (isAnswered = true));
  for (let sent = 0; sent < 4 * 1024 * 1024 && !isAnswered; sent += 65_536)
    await Promise.race([connection.send(`X-F: ${'e'.repeat(65_530)}\r\n`), answer.catch(() => {})]);
  assert.equal((await answer).status, 431);
  connection.close();
});

test('hygiene: a head of 60 KB is fine', async () => {
  const headers = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`X-Field-${index}`, 'v'.repeat(985)]));
  assert.equal((await exchange(gateway, { target: '/health', headers })).status, 200);
});

test('hygiene: a URL over 16 KB is 414, one of 16,000 bytes is fine', async () => {
  assertError(await exchange(gateway, { target: `/health?${'q'.repeat(17_000)}` }), {
    status: 414,
    type: 'invalid_request_error',
  });
  assert.equal((await exchange(gateway, { target: `/health?${'q'.repeat(15_990)}` })).status, 200);
});

// ---- still legal

test('hygiene: an absolute target is understood', async () => {
  assert.equal((await exchange(gateway, { target: 'http://gateway.test/health' })).status, 200);
});

test('hygiene: field names and values are taken without regard to case and blanks', async () => {
  const connection = await RawConnection.open(gateway.port);
  await connection.send(
    `POST /v1/chat/completions HTTP/1.1\r\nhOST:gateway.test\r\ncontent-TYPE:\t application/json \t\r\nCONTENT-length:${kLength}\r\n\r\n${kBody}`,
  );
  assert.equal((await connection.response()).status, 200);
  connection.close();
});

test('hygiene: after all of this the gateway still answers', async () => {
  assert.equal((await chat(gateway, chatRequest())).status, 200);
});
