// A gateway with plugins that misbehave as each request says: `X-Unruly: WHERE WHAT` (plugins/misdeed.hpp).
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { Gateway, gatewayBinary } from './gateway.mjs';
import { exchange } from './raw_http.mjs';

const kPlugins = join(dirname(gatewayBinary()), '../tests/integration/plugins');
export const skip = existsSync(join(kPlugins, 'unruly_backend.so')) ? false : 'this build has no tests and so no plugins';

// The backend of a request is its model: "echo", "unruly", "unruly-worker"; every one passes the middleware "guard" where
// `hasGuard`. `containment` is the section of the configuration.
export async function startUnruly({ containment = {}, hasGuard = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-unruly-'));
  const config = join(folder, 'gateway.yaml');
  const guard = [{ name: 'guard', plugin: join(kPlugins, 'unruly_middleware.so') }];
  const backends = {
    unruly: { plugin: join(kPlugins, 'unruly_backend.so') },
    'unruly-worker': { plugin: join(kPlugins, 'unruly_worker.so') },
    echo: { plugin: 'echo.so' },
  };
  const routes = Object.keys(backends).map((backend) => ({ match: { model: backend }, backend }));
  const text = {
    server: { port: 0, event_loops: 2, state_dir: join(folder, 'state') },
    metrics: { public: true },
    containment,
    backends,
    middleware: hasGuard ? guard : [],
    routes: [...routes, { backend: 'unruly' }],
  };
  writeFileSync(config, JSON.stringify(text)); // JSON is YAML
  const gateway = await Gateway.start({ config });
  after(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return gateway;
}

// One chat request, `unruly` being the header.
export function chat(gateway, model, unruly = '', { stream = false, signal } = {}) {
  const body = { model, stream, messages: [{ role: 'user', content: 'one two three' }] };
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(unruly && { 'X-Unruly': unruly }) },
    body: JSON.stringify(body),
    signal,
  });
}

// The value of one series of /metrics, 0 where there is none: `value(gateway, 'sluice_plugin_errors_total', {...})`.
export async function metric(gateway, name, labels) {
  const { text } = await exchange(gateway, { target: '/metrics' });
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const line = text
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && wanted.every((label) => each.includes(label)));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}
