// Configurations for tests: the shipped file with keys added to it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Lines behind the first line that is exactly `anchor`.
function insertBehind(text, anchor, lines) {
  const at = `\n${text}`.indexOf(`\n${anchor}\n`);
  if (at < 0) throw new Error(`the shipped configuration has no line ${JSON.stringify(anchor)}`);
  const end = at + anchor.length + 1;
  return text.slice(0, end) + lines.map((line) => `${line}\n`).join('') + text.slice(end);
}

const entries = (keys, indent) => Object.entries(keys).map(([key, value]) => `${' '.repeat(indent)}${key}: ${value}`);

// Writes the shipped configuration with more keys into `folder` and returns its path.
//   timeouts, limits, server   keys below server.timeouts, server.limits and server
//   append                     text behind everything else
//   replace                    [[from, to], …] on the text; each has to occur
export function writeConfiguration(shipped, folder, { timeouts, limits, server, append = '', replace = [] }) {
  let text = readFileSync(shipped, 'utf8');
  if (timeouts) text = insertBehind(text, '  timeouts:', entries(timeouts, 4));
  if (limits) text = insertBehind(text, 'server:', ['  limits:', ...entries(limits, 4)]);
  if (server) text = insertBehind(text, 'server:', entries(server, 2));
  for (const [from, to] of replace) {
    if (!text.includes(from)) throw new Error(`the shipped configuration does not contain ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  const path = join(folder, 'gateway.yaml');
  writeFileSync(path, `${text}\n${append}`);
  return path;
}
