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

// Sets options of the Claude Code backend; those that the text has already are replaced, undefined ones left out.
function withClaudeOptions(text, options) {
  const start = text.indexOf('\n  claude-code:\n');
  if (start < 0) throw new Error('the shipped configuration has no backend "claude-code"');
  const config = text.indexOf('\n    config:\n', start) + '\n    config:\n'.length;
  const length = /^(?: {6}.*\n|\n)*/.exec(text.slice(config))[0].length;
  const isKept = (line) => line !== '' && !Object.keys(options).some((key) => line.startsWith(`      ${key}:`));
  const kept = text
    .slice(config, config + length)
    .split('\n')
    .filter(isKept);
  const defined = Object.entries(options).filter(([, value]) => value !== undefined);
  const set = defined.map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`);
  return text.slice(0, config) + [...kept, ...set, ''].join('\n') + text.slice(config + length);
}

// The chain, as data, in place of the shipped one. JSON is YAML.
function withMiddleware(text, middleware) {
  const block = /\nmiddleware:\n(?:(?:[ \t].*)?\n)*/;
  if (!block.test(text)) throw new Error('the shipped configuration has no "middleware"');
  return text.replace(block, () => `\nmiddleware: ${JSON.stringify(middleware)}\n\n`);
}

// Writes the shipped configuration with more keys into `folder` and returns its path.
//   timeouts, limits, server   keys below server.timeouts, server.limits and server
//   claude                     options of the Claude Code backend
//   middleware                 the whole chain, as data (see chain.mjs)
//   store                      the section `store`, as data
//   append                     text behind everything else
//   replace                    [[from, to], …] on the text; each has to occur
export function writeConfiguration(shipped, folder, settings) {
  const { timeouts, limits, server, claude, middleware, store, append = '', replace = [] } = settings;
  let text = readFileSync(shipped, 'utf8');
  if (timeouts) text = insertBehind(text, '  timeouts:', entries(timeouts, 4));
  if (limits) text = insertBehind(text, 'server:', ['  limits:', ...entries(limits, 4)]);
  if (server) text = insertBehind(text, 'server:', entries(server, 2));
  if (claude) text = withClaudeOptions(text, claude);
  if (middleware) text = withMiddleware(text, middleware);
  if (store) text += `\nstore: ${JSON.stringify(store)}\n`;
  for (const [from, to] of replace) {
    if (!text.includes(from)) throw new Error(`the shipped configuration does not contain ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  const path = join(folder, 'gateway.yaml');
  writeFileSync(path, `${text}\n${append}`);
  return path;
}
