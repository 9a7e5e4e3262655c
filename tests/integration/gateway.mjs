// Starts and stops the real gateway binary and looks at it from outside: its log, its memory, its descriptors.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { writeConfiguration } from './configuration.mjs';

const kHere = dirname(fileURLToPath(import.meta.url));
export const kRoot = resolve(kHere, '../..');
export const kUpstreamKey = 'sk-upstream-4f9c2b7d1e8a6053';

const kShippedConfiguration = join(kRoot, 'conf/sluice.yaml');
const kStartLimitMs = 10_000;
const kStopLimitMs = 15_000;
// A reload tries plugins in processes of their own, on a machine that tests share.
const kCommandLimitMs = 60_000;
const kBinaryCandidates = ['build/release/host/sluice', 'build/dev/host/sluice'].map((path) => join(kRoot, path));

const running = new Set();

// Whatever ends this process ends the gateways it started.
function killRunning() {
  for (const gateway of running) {
    gateway.child.kill('SIGKILL');
    gateway.removeState();
  }
}
process.on('exit', killRunning);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    killRunning();
    process.exit(1);
  });
}

export function gatewayBinary() {
  const binary = process.env.SLUICE_BINARY ?? kBinaryCandidates.find((path) => existsSync(path));
  if (!binary) throw new Error(`no gateway binary: set SLUICE_BINARY or build one of ${kBinaryCandidates.join(', ')}`);
  return binary;
}

// True for builds with a sanitizer, whose memory and time mean nothing.
export function isInstrumented() {
  const bytes = readFileSync(gatewayBinary());
  return bytes.includes('__asan_init') || bytes.includes('__tsan_init');
}

// Only what the tests set reaches the gateway: nothing of the caller's keys or settings.
function environment(stateDirectory, upstream, overrides) {
  const sanitizer = Object.entries(process.env).filter(([name]) => /^(A|T|UB|L)SAN_/.test(name));
  const base = {
    PATH: process.env.PATH,
    HOME: stateDirectory,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_FORMAT: 'json',
    SLUICE_STATE_DIR: stateDirectory,
    CLAUDE_PATH: '/nonexistent/claude',
    OPENAI_API_KEY: kUpstreamKey,
    RATE_LIMIT_PER_IP: '1000000',
    RATE_LIMIT_PER_SESSION: '1000000',
    MAX_CONCURRENT_PER_KEY: '100000',
    ...Object.fromEntries(sanitizer),
  };
  if (upstream) base.OPENAI_BASE_URL = typeof upstream === 'string' ? upstream : upstream.baseUrl;
  const merged = { ...base, ...overrides };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

// One run of the binary, listening or not.
class GatewayProcess {
  constructor({ upstream, env = {}, config = kShippedConfiguration, settings, args, stateDirectory }) {
    this.ownsState = stateDirectory === undefined;
    this.stateDirectory = stateDirectory ?? mkdtempSync(join(tmpdir(), 'sluice-test-'));
    this.config = settings ? writeConfiguration(config, this.stateDirectory, settings) : config;
    this.environment = environment(this.stateDirectory, upstream, env);
    this.stdout = '';
    this.stderr = '';
    this.logLines = []; // parsed JSON lines of stdout
    this.unparsed = '';
    this.child = spawn(gatewayBinary(), args ?? ['--config', this.config], {
      cwd: this.stateDirectory,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this);
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.#read(text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.exited = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.stderr += String(error);
        this.#end(resolve, { code: null, signal: null });
      });
      this.child.on('close', (code, signal) => this.#end(resolve, { code, signal }));
    });
  }

  get pid() {
    return this.child.pid;
  }

  // A state directory that the test gave is the test's.
  removeState() {
    if (this.ownsState) rmSync(this.stateDirectory, { recursive: true, force: true });
  }

  get output() {
    return `stdout:\n${this.stdout.slice(-3000)}\nstderr:\n${this.stderr.slice(-6000)}`;
  }

  #read(text) {
    this.stdout += text;
    const lines = (this.unparsed + text).split('\n');
    this.unparsed = lines.pop();
    for (const line of lines) {
      try {
        this.logLines.push(JSON.parse(line));
      } catch {
        // Lines that are no JSON are kept in `stdout` only; the log tests look for them there.
      }
    }
  }

  #end(resolve, result) {
    running.delete(this);
    this.exit = result;
    this.removeState();
    resolve(result);
  }
}

export class Gateway extends GatewayProcess {
  // A gateway that listens. Options: upstream (FakeUpstream or base URL), env, config (path),
  // settings (changes to the configuration, see configuration.mjs), args (instead of --config),
  // stateDirectory (one that stays; without it the gateway gets one that goes with it).
  static async start(options = {}) {
    const gateway = new Gateway(options);
    try {
      await gateway.#untilListening();
    } catch (error) {
      gateway.child.kill('SIGKILL');
      throw error;
    }
    return gateway;
  }

  // Runs the binary until it exits of its own accord, e.g. because its settings are wrong. One that listens is ended.
  static async runToExit(options = {}, limitMs = kStartLimitMs) {
    const gateway = new GatewayProcess(options);
    const kill = () => gateway.child.kill('SIGKILL');
    gateway.child.stdout.on('data', () => gateway.logLines.some(({ event }) => event === 'listening') && kill());
    const timer = setTimeout(kill, limitMs);
    const exit = await gateway.exited;
    clearTimeout(timer);
    return { ...exit, stdout: gateway.stdout, stderr: gateway.stderr, output: gateway.stdout + gateway.stderr };
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  signal(name) {
    this.child.kill(name);
  }

  // Runs a command of the binary with this gateway's configuration, `command('keys', 'list')`, whether it still runs or
  // not. Resolves to {code, stdout, stderr}.
  command(...words) {
    return this.commandWithInput(undefined, ...words);
  }

  // The same with `input` on its standard input.
  commandWithInput(input, ...words) {
    const options = { cwd: this.stateDirectory, env: this.environment, timeout: kCommandLimitMs };
    return new Promise((resolve) => {
      const child = execFile(gatewayBinary(), ['--config', this.config, ...words], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
      if (input !== undefined) child.stdin.end(input);
    });
  }

  // Ends the gateway with SIGTERM, with SIGKILL if that does not help. Returns the exit code and how long it took.
  async stop() {
    const started = performance.now();
    if (this.exit === undefined) this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), kStopLimitMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return { ...exit, elapsedMs: performance.now() - started };
  }

  // The access-log line of a request, which is due within 100 ms of its end.
  async accessLine(requestId, limitMs = 2000) {
    return this.logLine((line) => line.request_id === requestId && line.status !== undefined, limitMs);
  }

  async logLine(matches, limitMs = 2000) {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const line = this.logLines.find(matches);
      if (line !== undefined) return line;
      if (performance.now() > deadline) throw new Error(`no such log line within ${limitMs} ms\n${this.output}`);
      await delay(5);
    }
  }

  residentBytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
  }

  descriptorCount() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  threadCount() {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  async #untilListening() {
    const deadline = performance.now() + kStartLimitMs;
    for (;;) {
      const line = this.logLines.find((entry) => entry.event === 'listening');
      if (line !== undefined) {
        this.port = Number(line.port);
        return;
      }
      if (this.exit !== undefined)
        throw new Error(`the gateway ended (${JSON.stringify(this.exit)}) before it listened\n${this.output}`);
      if (performance.now() > deadline)
        throw new Error(`the gateway did not listen within ${kStartLimitMs} ms\n${this.output}`);
      await delay(2);
    }
  }
}

// Waits until a condition holds and returns how long that took; throws with `what` and the last value when it never does.
export async function eventually(what, condition, limitMs = 3000) {
  const started = performance.now();
  for (;;) {
    const value = await condition();
    if (value) return performance.now() - started;
    if (performance.now() - started > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(2);
  }
}
