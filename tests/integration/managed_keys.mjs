// Keys that are made by the command `sluice keys`, as an operator makes them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { exchange } from './raw_http.mjs';

// Runs `sluice keys …words --json` for this gateway, running or not, and returns what it prints.
export async function keys(gateway, ...words) {
  const { code, stdout, stderr } = await gateway.command('keys', ...words, '--json');
  assert.equal(code, 0, `sluice keys ${words.join(' ')}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

export function createKey(gateway, name, ...options) {
  return keys(gateway, 'create', '--name', name, ...options);
}

// The same without a process of its own: through the admin socket, as the command does it.
export async function createKeyBySocket(gateway, name) {
  const response = await exchange(
    { port: join(gateway.stateDirectory, 'admin.sock') },
    { method: 'POST', target: '/commands/keys', body: { arguments: ['create', '--name', name, '--json'] } },
  );
  assert.equal(response.status, 200, response.text);
  assert.equal(response.json.exit_code, 0, response.text);
  return JSON.parse(response.json.output);
}

export const bearer = (key) => ({ Authorization: `Bearer ${key}` });
