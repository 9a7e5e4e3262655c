import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { assertChatStream, streamedText } from './contract.mjs';
import {
  chatRequest,
  chatStream,
  deltaChunk,
  kUsage,
  textEvent,
  roleEvent,
  finishEvent,
  kDone,
  event,
} from './openai_shapes.mjs';
import { chat, exchange } from './raw_http.mjs';
import { stage } from './stage.mjs';
import { sliced, stream, streamUntilClose } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const kTexts = ['Hel', 'lö ', '🙂 wörld', ' "q" \\ end'];
const kText = kTexts.join('');
const kPlain = chatStream(kTexts).join('');

beforeEach(() => upstream.forget());

async function streamed() {
  const response = await chat(gateway, chatRequest({ stream: true }));
  return { response, ...assertChatStream(response) };
}

const kSpellings = [
  ['LF', kPlain],
  ['CRLF', kPlain.replaceAll('\n', '\r\n')],
  ['CR', kPlain.replaceAll('\n', '\r')],
  [
    'mixed line ends',
    chatStream(kTexts)
      .map((text, index) => text.replaceAll('\n', ['\n', '\r\n', '\r'][index % 3]))
      .join(''),
  ],
  ['data: without a blank', kPlain.replaceAll('data: ', 'data:')],
  ['a byte order mark', `\ufeff${kPlain}`],
  [
    'comments before, between and inside events',
    `: hello\n\n${chatStream(kTexts)
      .map((text) => `: c\n${text.replace('\n\n', '\n:inside\n\n')}:\n\n`)
      .join('')}`,
  ],
  [
    'id, retry and event fields',
    chatStream(kTexts)
      .map((text, index) => `id: ${index}\nretry: 1000\nevent: message\n${text}`)
      .join(''),
  ],
  [
    'unknown fields and fields without a colon',
    chatStream(kTexts)
      .map((text) => `foo: bar\nbaz\n${text}`)
      .join(''),
  ],
  ['runs of blank lines', chatStream(kTexts).join('\n\n\n')],
  ['no blank line after the last event', kPlain.slice(0, -1)],
  ['no line end at all after [DONE]', kPlain.trimEnd()],
  ['blanks behind [DONE]', kPlain.replace('[DONE]', '[DONE] ')],
  [
    'JSON over several data lines',
    chatStream(kTexts)
      .map((text) => text.replace(/,"choices"/, ',\ndata: "choices"'))
      .join(''),
  ],
  [
    'JSON over several data lines with CRLF',
    chatStream(kTexts)
      .map((text) => text.replace(/,"choices"/, ',\r\ndata:"choices"').replace('\n\n', '\r\n\r\n'))
      .join(''),
  ],
];

for (const [what, text] of kSpellings) {
  test(`stream reading: ${what} is understood in one packet`, async () => {
    upstream.answer(stream([text]));
    assert.equal(streamedText((await streamed()).values), kText);
  });
  test(`stream reading: ${what} is understood cut into single bytes`, async () => {
    upstream.answer(stream(sliced(text, 1)));
    assert.equal(streamedText((await streamed()).values), kText);
  });
}

for (const size of [2, 3, 5, 11, 64]) {
  test(`stream reading: CRLF and UTF-8 cut into packets of ${size} bytes arrive undamaged`, async () => {
    upstream.answer(stream(sliced(kPlain.replaceAll('\n', '\r\n'), size), { gapMs: size > 10 ? 1 : 0 }));
    assert.equal(streamedText((await streamed()).values), kText);
  });
}

test('stream reading: a CR that ends a packet does not hold its event back', async () => {
  upstream.answer(
    stream(
      [
        roleEvent().replaceAll('\n', '\r'),
        textEvent('x').replaceAll('\n', '\r'),
        finishEvent().replaceAll('\n', '\r'),
        kDone.replaceAll('\n', '\r'),
      ],
      { gapMs: 30 },
    ),
  );
  assert.equal(streamedText((await streamed()).values), 'x');
});

test('stream reading: a stream that ends with its connection is understood', async () => {
  upstream.answer(streamUntilClose(sliced(kPlain, 50), { gapMs: 2 }));
  assert.equal(streamedText((await streamed()).values), kText);
});

test('stream reading: events of the upstream come out in one canonical spelling', async () => {
  upstream.answer(stream([kPlain.replaceAll('\n', '\r\n').replaceAll('data: ', 'data:')]));
  assert.equal((await streamed()).response.text, kPlain);
});

test('stream reading: a line separator of Unicode or a form feed inside a string ends no line', async () => {
  const text = 'a\u2028b\u2029c\u0085d';
  upstream.answer(stream(chatStream([text])));
  assert.equal(streamedText((await streamed()).values), text);
});

test('stream reading: an event of one megabyte arrives whole', async () => {
  const text = 'é'.repeat(512 * 1024);
  upstream.answer(stream(chatStream([text])));
  const { values } = await streamed();
  assert.deepEqual(values.map((value) => value.error).filter(Boolean), []);
  assert.ok(streamedText(values) === text, 'the text is unchanged');
});

test('stream reading: an event of fifteen megabytes arrives whole', async () => {
  const text = 'y'.repeat(15 * 1024 * 1024);
  upstream.answer(stream(chatStream([text])));
  const response = await chat(gateway, chatRequest({ stream: true }), {}, { limitMs: 30_000 });
  const { values } = assertChatStream(response);
  assert.deepEqual(values.map((value) => value.error).filter(Boolean), []);
  assert.ok(streamedText(values) === text, 'the text is unchanged');
});

test('stream reading: ten thousand small events arrive in order', async () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => `${index} `);
  upstream.answer(stream([chatStream(texts).join('')]));
  assert.equal(streamedText((await streamed()).values), texts.join(''));
});

// ---- usage

test('usage: the usage chunk is relayed when it was asked for', async () => {
  upstream.answer(stream(chatStream(['x'], { usage: true })));
  const response = await chat(gateway, chatRequest({ stream: true, stream_options: { include_usage: true } }));
  const { values } = assertChatStream(response);
  assert.deepEqual(values.at(-1).usage, kUsage);
  assert.deepEqual(values.at(-1).choices, []);
});

for (const [what, extra] of [
  ['no stream_options', {}],
  ['include_usage false', { stream_options: { include_usage: false } }],
  ['stream_options null', { stream_options: null }],
]) {
  test(`usage: with ${what} a usage chunk of the upstream is not relayed`, async () => {
    upstream.answer(stream(chatStream(['x'], { usage: true })));
    const { values } = assertChatStream(await chat(gateway, chatRequest({ stream: true, ...extra })));
    assert.ok(
      values.every(({ choices }) => choices.length > 0),
      'no chunk with an empty list of choices',
    );
    assert.equal(streamedText(values), 'x');
  });
}

test('usage: a chunk with choices keeps its own usage field', async () => {
  upstream.answer(
    stream([
      roleEvent(),
      event(deltaChunk({ content: 'x' }, null, { usage: null })),
      event(deltaChunk({}, 'stop', { usage: kUsage })),
      kDone,
    ]),
  );
  const { values } = assertChatStream(
    await chat(gateway, chatRequest({ stream: true, stream_options: { include_usage: true } })),
  );
  assert.deepEqual(values.at(-1).usage, kUsage);
});

test('usage: without it asked for and without it sent no usage chunk is made up', async () => {
  upstream.answer(stream(chatStream(['x'])));
  const { values } = assertChatStream(
    await chat(gateway, chatRequest({ stream: true, stream_options: { include_usage: true } })),
  );
  assert.ok(values.every(({ choices }) => choices.length > 0));
});

test('stream reading: a streamed answer over HTTP/1.0 ends with the connection', async () => {
  upstream.answer(stream([kPlain]));
  const response = await exchange(gateway, {
    method: 'POST',
    target: '/v1/chat/completions',
    version: 'HTTP/1.0',
    body: chatRequest({ stream: true }),
  });
  assert.equal(response.framing, 'close');
  assert.equal(response.text, kPlain);
});
