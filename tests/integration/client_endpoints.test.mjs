import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { kUpstreamKey } from './gateway.mjs';
import { embeddingList, event, kDone, kModel, model, moderation, textCompletion } from './openai_shapes.mjs';
import { openaiClient, stage } from './stage.mjs';
import { body, events, head, json, lastChunk, sliced, stream } from './upstream_steps.mjs';

const { upstream, gateway } = await stage();
const client = openaiClient(gateway);

beforeEach(() => upstream.forget());

test('openai embeddings: the base64 default is decoded to the same numbers', async () => {
  const vectors = [
    [0.25, -1.5, 3.0517578125e-5],
    [1, 2, 3],
  ];
  upstream.answerOn('POST /v1/embeddings', json(embeddingList(vectors, 'base64')));
  const { data, usage } = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
  assert.equal(JSON.parse(upstream.lastRequest.body).encoding_format, 'base64');
  assert.deepEqual(
    data.map(({ embedding }) => Array.from(embedding)),
    vectors,
  );
  assert.deepEqual(usage, { prompt_tokens: 4, total_tokens: 4 });
});

test('openai embeddings: floats asked for come back as floats', async () => {
  upstream.answerOn('POST /v1/embeddings', json(embeddingList([[0.1, 0.2]])));
  const { data } = await client.embeddings.create({
    model: 'text-embedding-3-small',
    input: 'a',
    encoding_format: 'float',
  });
  assert.deepEqual(data[0].embedding, [0.1, 0.2]);
});

test('openai models: list and retrieve name the models of the upstream', async () => {
  const ids = [];
  for await (const entry of client.models.list()) ids.push(entry.id);
  for (const id of [kModel, 'gpt-4o', 'org/model:tag', 'text-embedding-3-small'])
    assert.ok(ids.includes(id), `${id} in ${ids}`);
  assert.equal(new Set(ids).size, ids.length, 'no model twice');
  assert.deepEqual(JSON.parse(JSON.stringify(await client.models.retrieve(kModel))), model(kModel));
  assert.equal((await client.models.retrieve('org/model:tag')).id, 'org/model:tag');
});

test('openai models: an unknown model is a 404 with model_not_found', async () => {
  await assert.rejects(
    client.models.retrieve('no-such-model'),
    (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found',
  );
});

test('openai moderations: the verdict comes back unchanged', async () => {
  upstream.answerOn('POST /v1/moderations', json(moderation(true)));
  const data = await client.moderations.create({ input: 'text' });
  assert.deepEqual(JSON.parse(JSON.stringify(data)), moderation(true));
});

test('openai legacy completions: a plain and a streamed answer keep their object name', async () => {
  const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once', suffix: 'end' };
  upstream.answerOn(
    'POST /v1/completions',
    json({ ...textCompletion(' upon'), usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }),
  );
  const plain = await client.completions.create(request);
  assert.equal(plain.object, 'text_completion');
  assert.equal(plain.choices[0].text, ' upon');

  upstream.answerOn(
    'POST /v1/completions',
    stream([
      event(textCompletion(' upon', null)),
      event(textCompletion(' a time', null)),
      event(textCompletion('', 'stop')),
      kDone,
    ]),
  );
  const texts = [];
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    assert.equal(chunk.object, 'text_completion');
    texts.push(chunk.choices[0].text);
  }
  assert.equal(texts.join(''), ' upon a time');
});

// The parts of a multipart body as [name, filename, bytes].
function multipartParts(request) {
  const boundary = /boundary=(.+)$/.exec(request.headers.get('content-type'))[1];
  const text = request.body.toString('latin1');
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [fields, ...rest] = part.slice(2).split('\r\n\r\n');
      const name = /name="([^"]*)"/.exec(fields)[1];
      const filename = /filename="([^"]*)"/.exec(fields)?.[1];
      return [name, filename, Buffer.from(rest.join('\r\n\r\n').slice(0, -2), 'latin1')];
    });
}

test('openai audio: an uploaded recording reaches the upstream byte for byte', async () => {
  upstream.answerOn('POST /v1/audio/transcriptions', json({ text: 'hello' }));
  const recording = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) & 0xff));
  const answer = await client.audio.transcriptions.create({
    model: 'whisper-1',
    file: await toFile(recording, 'clip.wav', { type: 'audio/wav' }),
  });
  assert.equal(answer.text, 'hello');
  assert.match(upstream.lastRequest.headers.get('content-type'), /^multipart\/form-data; *boundary=/);
  assert.deepEqual(upstream.lastRequest.headers.all('authorization'), [`Bearer ${kUpstreamKey}`]);
  const parts = multipartParts(upstream.lastRequest);
  const [, filename, bytes] = parts.find(([name]) => name === 'file');
  assert.equal(filename, 'clip.wav');
  assert.ok(bytes.equals(recording), 'the recording is unchanged');
  assert.equal(parts.find(([name]) => name === 'model')[2].toString(), 'whisper-1');
});

test('openai audio: an upload larger than the JSON limit goes through', async () => {
  upstream.answerOn('POST /v1/audio/transcriptions', json({ text: 'long' }));
  const recording = Buffer.alloc(5 * 1024 * 1024, 'sound');
  const answer = await client.audio.transcriptions.create({
    model: 'whisper-1',
    file: await toFile(recording, 'long.wav', { type: 'audio/wav' }),
  });
  assert.equal(answer.text, 'long');
  assert.ok(
    multipartParts(upstream.lastRequest)
      .find(([name]) => name === 'file')[2]
      .equals(recording),
  );
});

test('openai audio: speech comes back as the same binary', async () => {
  const sound = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  upstream.answerOn('POST /v1/audio/speech', body(sound, { headers: { 'content-type': 'audio/mpeg' } }));
  const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hello' });
  assert.equal(answer.headers.get('content-type'), 'audio/mpeg');
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(sound));
});

test('openai audio: speech in chunks of odd sizes comes back as the same binary', async () => {
  const sound = Buffer.from(Array.from({ length: 50_001 }, (_, index) => (index * 13) & 0xff));
  upstream.answerOn(
    'POST /v1/audio/speech',
    head(200, { 'content-type': 'audio/mpeg', 'transfer-encoding': 'chunked' }),
    events(sliced(sound, 4099)),
    lastChunk(),
  );
  const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hello' });
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(sound));
});

test('openai files: other routes and methods of the upstream pass through', async () => {
  const file = {
    id: 'file-1',
    object: 'file',
    bytes: 3,
    created_at: 1,
    filename: 'a.jsonl',
    purpose: 'batch',
    status: 'processed',
  };
  upstream.answerOn('GET /v1/files/file-1', json(file));
  upstream.answerOn('DELETE /v1/files/file-1', json({ id: 'file-1', object: 'file', deleted: true }));
  upstream.answerOn('GET /v1/files', json({ object: 'list', data: [file], has_more: false }));
  assert.deepEqual(JSON.parse(JSON.stringify(await client.files.retrieve('file-1'))), file);
  assert.equal((await client.files.delete('file-1')).deleted, true);
  const names = [];
  for await (const entry of client.files.list({ limit: 5 })) names.push(entry.filename);
  assert.deepEqual(names, ['a.jsonl']);
  assert.equal(upstream.lastRequest.target, '/v1/files?limit=5');
});
