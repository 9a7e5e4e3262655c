import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { chain } from './chain.mjs';
import { isInstrumented } from './gateway.mjs';
import { stage } from './stage.mjs';

// SLUICE_FLOOD_ADDRESSES sets how many clients there are; the bar is 1,000,000 of them.
const kAddresses = Number(process.env.SLUICE_FLOOD_ADDRESSES ?? 100_000);
const kConnections = 8;
const kPipelined = 50;
const kMemoryBytes = 16 << 20;
const kConstantBytes = 16 << 20; // buffers of the connections, and what the allocator keeps
const { gateway } = await stage({
  settings: {
    server: { trusted_proxies: '["127.0.0.1"]' },
    store: { memory_bytes: kMemoryBytes },
    middleware: chain({ address: { requests: 60, window_ms: 60000 }, auth: { require: 'always', audit: 'off' } }),
    replace: [['\nlog:\n', '\nlog:\n  access: false\n']],
  },
});

const addressOf = (number) => `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;

const requestOf = (number) =>
  `GET /v1/models HTTP/1.1\r\nHost: gateway.test\r\nX-Forwarded-For: ${addressOf(number)}\r\n\r\n`;

// Counts answers by status in what comes off a connection, however it is cut.
class StatusCount {
  constructor() {
    this.rest = '';
    this.total = 0;
    this.refused = 0;
  }

  feed(text) {
    this.rest += text;
    for (;;) {
      const at = this.rest.indexOf('HTTP/1.1 ');
      if (at < 0 || this.rest.length < at + 12) {
        this.rest = this.rest.slice(at < 0 ? -8 : at);
        return;
      }
      ++this.total;
      if (this.rest.startsWith('401', at + 9)) ++this.refused;
      this.rest = this.rest.slice(at + 12);
    }
  }
}

// Requests from the addresses of [begin, end), many behind each other. Resolves to the number of answers with 401.
async function flood(begin, end) {
  const socket = net.connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setEncoding('latin1');
  const answers = new StatusCount();
  for (let next = begin; next < end; ) {
    const last = Math.min(end, next + kPipelined);
    let requests = '';
    for (; next < last; ++next) requests += requestOf(next);
    socket.write(requests);
    while (answers.total < last - begin) {
      const [text] = await once(socket, 'data');
      answers.feed(text);
    }
  }
  socket.destroy();
  return answers.refused;
}

test(`flood: ${kAddresses} addresses take no more memory than the store is allowed`, async (t) => {
  await flood(0, 1000); // threads, buffers and tables are there now
  const before = gateway.residentBytes();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, gateway.residentBytes())), 50);
  const started = performance.now();
  const share = Math.ceil(kAddresses / kConnections);
  const floods = Array.from({ length: kConnections }, (_, index) =>
    flood(1000 + index * share, 1000 + Math.min(kAddresses, (index + 1) * share)),
  );
  const refused = (await Promise.all(floods)).reduce((sum, count) => sum + count, 0);
  clearInterval(timer);
  most = Math.max(most, gateway.residentBytes());
  const seconds = (performance.now() - started) / 1000;
  t.diagnostic(`${(kAddresses / seconds).toFixed(0)} requests/s for ${seconds.toFixed(1)} s`);
  t.diagnostic(`RSS ${(before / 1e6).toFixed(1)} MB before, ${((most - before) / 1e6).toFixed(1)} MB more at most`);
  assert.equal(refused, kAddresses, 'none of them used up its limit');
  if (isInstrumented()) return;
  assert.ok(most - before < kMemoryBytes + kConstantBytes, `${most - before} bytes more`);
});
