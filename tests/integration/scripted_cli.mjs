// A program that speaks the claude program's protocol and misbehaves as told. ScriptedCli makes an executable of it;
// what it does stands in a file beside that, read anew for every process and every turn.
//
// A turn is a list of steps: {say: TEXT} one delta, {line: TEXT} that line as it is, {bytes: N} a line of so many bytes,
// {error_output: N} bytes of stderr, {wait: MS}, {endless: true} deltas for ever, {silence: true}, {exit: CODE},
// {signal: NAME}, {until_reply: ID} waits for the reply to its request, {finish: {…}} the end of the turn with these fields of its result. A list without an end gets one.
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const kVersion = '2.1.197 (Claude Code)';

export class ScriptedCli {
  // Process-wide behaviour: version_exit, start {delay_ms, exit, error_output}, ignores_sigterm, ignores_interrupt,
  // ignores_end.
  constructor(behaviour = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-scripted-'));
    this.path = join(this.folder, 'claude');
    const script = fileURLToPath(import.meta.url);
    const quoted = [process.execPath, script, this.folder].map((word) => `'${word}'`).join(' ');
    // The state of the process as it was started, before node changes it; a shell that starts a program blocks signals.
    const record = `while IFS= read -r line; do echo "$line"; done < /proc/$$/status > '${this.folder}/status'`;
    writeFileSync(this.path, `#!/bin/sh\n${record}\nexec ${quoted} "$@"\n`);
    chmodSync(this.path, 0o755);
    this.behave(behaviour);
  }

  // Replaces the behaviour. `turn`: the steps of every turn from now on; `turns`: of the first, the second, …
  behave(behaviour) {
    writeFileSync(join(this.folder, 'behaviour.json'), JSON.stringify(behaviour));
  }

  // What processes have read and how they were started: one object each, in order.
  get log() {
    const path = join(this.folder, 'log');
    if (!existsSync(path)) return [];
    // What is behind the last line end is being written.
    return readFileSync(path, 'utf8').split('\n').slice(0, -1).map(JSON.parse);
  }

  get startStatus() {
    return readFileSync(join(this.folder, 'status'), 'utf8');
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// ---- the program

class Program {
  constructor(folder, argv) {
    this.folder = folder;
    this.argv = argv;
    this.turnCount = 0;
    this.isInterrupted = false;
    this.replies = new Set(); // ids of its requests that were answered
    const at = Math.max(argv.indexOf('--session-id'), argv.indexOf('--resume'));
    this.session = at >= 0 ? argv[at + 1] : 'none';
  }

  get behaviour() {
    return JSON.parse(readFileSync(join(this.folder, 'behaviour.json'), 'utf8'));
  }

  log(entry) {
    appendFileSync(join(this.folder, 'log'), `${JSON.stringify({ pid: process.pid, ...entry })}\n`);
  }

  async run() {
    if (this.argv.includes('--version')) {
      if (this.behaviour.version_exit) process.exit(this.behaviour.version_exit);
      return void console.log(kVersion);
    }
    if (this.argv.includes('auth')) return void console.log('{"loggedIn":true,"authMethod":"api_key"}');
    const { start = {}, ignores_sigterm: ignoresSigterm, ignores_end: ignoresEnd } = this.behaviour;
    if (ignoresSigterm) process.on('SIGTERM', () => this.log({ signal: 'SIGTERM' }));
    this.log({ argv: this.argv });
    if (start.error_output) await writeAll(process.stderr, filler(start.error_output));
    if (start.delay_ms) await delay(start.delay_ms);
    if (start.exit !== undefined) process.exit(start.exit);
    for await (const line of createInterface({ input: process.stdin })) this.#take(JSON.parse(line));
    if (ignoresEnd) await delay(2 ** 30);
    process.exit(0);
  }

  #take(record) {
    this.log({ record });
    if (record.type === 'user') {
      this.isInterrupted = false;
      return void this.#answer();
    }
    if (record.type === 'control_response') this.replies.add(record.response.request_id);
    if (record.type !== 'control_request') return;
    const isInterrupt = record.request.subtype === 'interrupt';
    if (isInterrupt && this.behaviour.ignores_interrupt) return;
    const response = { subtype: 'success', request_id: record.request_id, response: {} };
    emit({ type: 'control_response', response });
    if (isInterrupt) this.isInterrupted = true;
  }

  async #answer() {
    const { turn = [{ say: 'Hello.' }], turns = [] } = this.behaviour;
    const steps = turns[this.turnCount++] ?? turn;
    emit({ type: 'system', subtype: 'init', session_id: this.session, model: 'claude-scripted' });
    this.hasBegun = false;
    for (const step of steps) {
      if (this.isInterrupted) break;
      await this.#step(step);
    }
    if (this.isInterrupted) return this.#finish({ subtype: 'error_during_execution', is_error: true });
    if (!steps.some(({ finish }) => finish)) this.#finish({});
  }

  async #step(step) {
    if (step.say !== undefined) this.#say(step.say);
    if (step.line !== undefined) await writeAll(process.stdout, `${step.line}\n`);
    if (step.bytes !== undefined) await writeAll(process.stdout, filler(step.bytes));
    if (step.error_output !== undefined) await writeAll(process.stderr, filler(step.error_output));
    if (step.wait !== undefined) await delay(step.wait);
    if (step.silence) while (!this.isInterrupted) await delay(5);
    if (step.until_reply) while (!this.isInterrupted && !this.replies.has(step.until_reply)) await delay(5);
    if (step.endless) await this.#endless(step);
    if (step.signal !== undefined) process.kill(process.pid, step.signal);
    if (step.exit !== undefined) process.exit(step.exit);
    if (step.finish) this.#finish(step.finish);
  }

  #say(text) {
    if (!this.hasBegun) this.#begin();
    this.#event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  }

  #begin() {
    this.hasBegun = true;
    const message = { id: 'msg_scripted', type: 'message', role: 'assistant', model: 'claude-scripted', content: [] };
    this.#event({ type: 'message_start', message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } });
    this.#event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  }

  async #endless({ piece = 'and on ', gap_ms: gapMs = 5 }) {
    for (;;) {
      if (this.isInterrupted) return;
      this.#say(piece);
      await delay(gapMs);
    }
  }

  #finish(fields) {
    if (this.hasBegun && !this.isInterrupted) {
      this.#event({ type: 'content_block_stop', index: 0 });
      this.#event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } });
      this.#event({ type: 'message_stop' });
    }
    const usage = { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3 };
    emit({
      type: 'result',
      subtype: 'success',
      is_error: false,
      num_turns: 1,
      result: 'said',
      stop_reason: 'end_turn',
      session_id: this.session,
      usage,
      ...fields,
    });
  }

  #event(event) {
    emit({ type: 'stream_event', event, session_id: this.session, parent_tool_use_id: null });
  }
}

function emit(record) {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

function filler(bytes) {
  return `${'x'.repeat(bytes - 1)}\n`;
}

function writeAll(stream, text) {
  return new Promise((resolve) => stream.write(text, resolve));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.on('error', () => process.exit(1));
  await new Program(process.argv[2], process.argv.slice(3)).run();
}
