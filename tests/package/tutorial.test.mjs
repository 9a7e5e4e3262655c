import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { kRoot } from '../integration/gateway.mjs';
import { runSteps, stepsOf } from './document_steps.mjs';
import { environmentOf, install } from './installation.mjs';

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test('tutorial: every command does what the page says', async () => {
  const prefix = install();
  const steps = stepsOf(readFileSync(join(kRoot, 'sdk/TUTORIAL.md'), 'utf8'));
  assert.ok(steps.length >= 12, `${steps.length} blocks`);
  const PORT = await freePort();
  await runSteps(steps, (home) => environmentOf(prefix, home, { PORT }));
});

const document = (commands, output, mark = 'sh') => `\`\`\`${mark}\n${commands}\n\`\`\`\n\`\`\`text\n${output}\n\`\`\`\n`;
const shell = (home) => environmentOf('/usr', home);

test('tutorial: blocks share one shell, and `…` stands for what differs', async () => {
  const page = document('cd /; word=here', '') + document('echo "$word at $$ in $PWD"; echo; echo end', 'here at … in /\n…\nend');
  await runSteps(stepsOf(page), shell);
});

for (const [what, page, words] of [
  ['another output than the page shows', document('echo one', 'two'), /block 1: the document shows another output/],
  ['more output than the page shows', document('echo one; echo two', 'one'), /another output/],
  ['a command that fails', document('false; true', ''), /block 1: a command failed/],
  ['a success where the page tells of a failure', document('true', '', 'sh fails'), /expected the commands to fail/],
]) {
  test(`tutorial: ${what} is a fault`, async () => {
    await assert.rejects(runSteps(stepsOf(page), shell), words);
  });
}
