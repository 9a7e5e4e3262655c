import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertChatStream, assertError, streamedText } from './contract.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';
import { chatCompletion, chatRequest, chatStream } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { json, stream } from './upstream_steps.mjs';

// A certificate of its own for each run: nothing secret lies in the repository.
const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
const made = spawnSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=sluice-test',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ],
  { encoding: 'utf8' },
);
assert.equal(made.status, 0, `openssl makes a certificate: ${made.error ?? made.stderr}`);
const upstream = await FakeUpstream.start({
  certificate: { key: readFileSync(keyFile), cert: readFileSync(certFile) },
});
after(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

const withCertificate = {
  replace: [
    ['      api_key: "${OPENAI_API_KEY:-}"', `      api_key: "\${OPENAI_API_KEY:-}"\n      ca_file: ${certFile}`],
  ],
};

async function withGateway(options, use) {
  const gateway = await Gateway.start({ upstream, ...options });
  try {
    await use(gateway);
  } finally {
    assert.equal((await gateway.stop()).code, 0, gateway.output);
  }
}

test('tls: an upstream whose certificate is trusted answers plain and streamed', async () => {
  await withGateway({ settings: withCertificate }, async (gateway) => {
    upstream.answer(json(chatCompletion('over TLS')));
    assert.equal((await chat(gateway, chatRequest())).json.choices[0].message.content, 'over TLS');
    upstream.answer(stream(chatStream(['over ', 'TLS'])));
    assert.equal(streamedText(assertChatStream(await chat(gateway, chatRequest({ stream: true }))).values), 'over TLS');
  });
});

test('tls: an upstream whose certificate is not trusted is 502, and the key was not sent', async () => {
  upstream.forget();
  await withGateway({}, async (gateway) => {
    assertError(await chat(gateway, chatRequest()), { status: 502, type: 'server_error', code: 'upstream_error' });
  });
  assert.equal(upstream.requests.length, 0);
});

test('tls: a certificate for another name is 502', async () => {
  upstream.forget();
  await withGateway(
    { upstream: `https://localhost:${upstream.port}/v1`, settings: withCertificate },
    async (gateway) => {
      assertError(await chat(gateway, chatRequest()), { status: 502, type: 'server_error', code: 'upstream_error' });
    },
  );
  assert.equal(upstream.requests.length, 0);
});

test('tls: an upstream that speaks no TLS is 502', async () => {
  const plain = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
  });
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
  await withGateway({ upstream: `https://127.0.0.1:${plain.address().port}/v1` }, async (gateway) => {
    assertError(await chat(gateway, chatRequest()), { status: 502, type: 'server_error', code: 'upstream_error' });
  }).finally(() => plain.close());
});

// A proxy that answers CONNECT and copies bytes; it records what it was asked for.
async function connectProxy() {
  const asked = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      const head = data.toString('latin1');
      asked.push(head);
      const [, host, port] = /^CONNECT ([^:]+):(\d+) /.exec(head) ?? [];
      if (!port) return socket.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
      const target = net.connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(target).pipe(socket);
      });
      target.on('error', () => socket.destroy());
      return undefined;
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, port: server.address().port, close: () => server.close() };
}

test('tls: HTTPS_PROXY is used with CONNECT, and sees neither key nor prompt', async () => {
  const proxy = await connectProxy();
  upstream.answer(json(chatCompletion('tunnelled')));
  const env = { HTTPS_PROXY: `http://user:secret@127.0.0.1:${proxy.port}` };
  await withGateway({ env, settings: withCertificate }, async (gateway) => {
    assert.equal((await chat(gateway, chatRequest())).json.choices[0].message.content, 'tunnelled');
    assert.ok(!(gateway.stdout + gateway.stderr).includes('secret'), 'the password of the proxy is not logged');
  }).finally(() => proxy.close());
  assert.ok(proxy.asked.length >= 1);
  assert.ok(proxy.asked.every((head) => head.startsWith(`CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\n`)));
  assert.match(
    proxy.asked[0],
    new RegExp(`proxy-authorization: basic ${Buffer.from('user:secret').toString('base64')}`, 'i'),
  );
  assert.ok(!proxy.asked.join('').includes('sk-upstream'));
});

test('tls: NO_PROXY goes around the proxy', async () => {
  const proxy = await connectProxy();
  upstream.answer(json(chatCompletion('direct')));
  const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'example.com,127.0.0.1' };
  await withGateway({ env, settings: withCertificate }, async (gateway) => {
    assert.equal((await chat(gateway, chatRequest())).status, 200);
  }).finally(() => proxy.close());
  assert.equal(proxy.asked.length, 0);
});
