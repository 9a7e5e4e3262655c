// A configuration of plugins alone: what the shipped one has besides is not loaded.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// Writes it and returns its path. `backends`, `middleware` and `routes` as in the file; JSON is YAML.
export function isolatedConfiguration({ backends, middleware = [], routes, server = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-isolated-'));
  folders.push(folder);
  const path = join(folder, 'gateway.yaml');
  const document = { server: { port: 0, ...server }, metrics: { public: true }, backends, middleware, routes };
  writeFileSync(path, JSON.stringify(document));
  return path;
}
