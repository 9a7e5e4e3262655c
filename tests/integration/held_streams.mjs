// Streams that stay open for as long as a test wants: what uses up limits on concurrency.
import assert from 'node:assert/strict';
import { chatStream, roleEvent } from './openai_shapes.mjs';
import { RawConnection, requestBytes } from './raw_http.mjs';
import { events, inOrder, lastChunk, streamHead, until } from './upstream_steps.mjs';

// Starts one chat stream and returns when its first event is there. The upstream's answers are held from now on.
export async function hold(upstream, gateway, body, headers = {}) {
  let end;
  const released = new Promise((resolve) => (end = resolve));
  upstream.answerNext(
    inOrder(streamHead(), events([roleEvent()]), until(released), events(chatStream().slice(1)), lastChunk()),
  );
  const connection = await RawConnection.open(gateway.port);
  await connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers, body }));
  const response = await connection.responseHead();
  if (response.status === 200) await connection.chunk();
  return { connection, response, end };
}

// Lets the stream end as streams do and reads it to its end.
export async function release({ connection, response, end }) {
  assert.equal(response.status, 200);
  end();
  const pieces = [];
  for (let piece = await connection.chunk(); piece !== undefined; piece = await connection.chunk()) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).toString().endsWith('data: [DONE]\n\n'));
  connection.close();
}
