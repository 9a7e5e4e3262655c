// The usual set-up of a test of the Claude Code backend: a gateway, the real program behind it, and a fake Messages API.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeMessagesApi } from './fake_messages_api.mjs';
import { FakeUpstream } from './fake_upstream.mjs';
import { eventually, Gateway } from './gateway.mjs';
import { argumentsOf, descendantsOf, identityOf, isAlive } from './process_table.mjs';
import { chat, exchange, RawConnection, requestBytes } from './raw_http.mjs';

const kHere = dirname(fileURLToPath(import.meta.url));
export const kClaude = join(kHere, 'node_modules/@anthropic-ai/claude-code-linux-x64/claude');
export const kAnthropicKey = 'sk-ant-api03-5d1f0c7e9ab24836';
export const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

// A start of the program takes a second of CPU, and tests share few cores.
export const kAnswerLimitMs = 40_000;

// Options of the backend that make a test see its subject only: nothing is kept warm unless it says so.
const kQuiet = { warm_processes: {} };

// Starts both and an OpenAI upstream. `claude`: options of the backend. `cli`: another program. `env`: as for
// Gateway.start(). `folder`: state and home of the operator, kept for the caller; else of its own.
export async function startClaude({ claude = {}, cli = kClaude, env = {}, settings = {}, folder, api } = {}) {
  const ownApi = api === undefined ? await FakeMessagesApi.start() : undefined;
  const upstream = await FakeUpstream.start();
  const home = folder ?? mkdtempSync(join(tmpdir(), 'sluice-claude-'));
  mkdirSync(join(home, 'state'), { recursive: true, mode: 0o700 });
  const target = api ?? ownApi;
  const release = async () => {
    await upstream.stop();
    await ownApi?.stop();
    if (!folder) rmSync(home, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
  };
  try {
    const gateway = await Gateway.start({
      upstream,
      env: {
        CLAUDE_PATH: cli,
        ANTHROPIC_API_KEY: kAnthropicKey,
        ANTHROPIC_BASE_URL: target.baseUrl,
        HOME: home,
        SLUICE_STATE_DIR: join(home, 'state'),
        ...env,
      },
      settings: { ...settings, claude: { ...kQuiet, ...claude } },
    });
    return { gateway, api: target, upstream, home, release };
  } catch (error) {
    await release();
    throw error;
  }
}

// As above, and ends everything after the last test: exit 0, and no process of the program is left.
export async function claudeStage(options = {}) {
  const stage = await startClaude(options);
  after(async () => {
    await stopClaude(stage);
    assert.deepEqual(stage.api.failures, [], 'requests the API could not parse');
  });
  return stage;
}

export async function stopClaude({ gateway, release }) {
  const left = gateway.exit === undefined ? descendantsOf(gateway.pid).map(identityOf) : [];
  const exit = await gateway.stop();
  try {
    assert.equal(exit.code, 0, `exit of the gateway: ${JSON.stringify(exit)}\n${gateway.output}`);
    await assertGone(left);
  } finally {
    await release();
  }
}

// Waits until none of these processes, as identityOf() names them, lives.
export async function assertGone(identities, limitMs = 3000) {
  const living = () => identities.filter((identity) => isAliveAs(identity));
  await eventually(`processes gone of ${identities}`, () => living().length === 0, limitMs);
}

export function isAliveAs(identity) {
  const pid = identity.split('/')[0];
  return isAlive(pid) && identityOf(pid) === identity;
}

// Processes of the program: whatever the gateway has started that was given the program's arguments.
export function programProcesses(gateway) {
  return descendantsOf(gateway.pid).filter((pid) => argumentsOf(pid).includes('stream-json'));
}

// ---- requests

const kAsk = { 'X-Claude-Code': 'true' };

export const sessionHeader = (id) => ({ 'X-Claude-Session-ID': id });

// A turn with this prompt. `session`: of an earlier answer. What is left goes into the body.
export function ask(gateway, prompt, { session, headers = {}, limitMs = kAnswerLimitMs, ...extra } = {}) {
  const chosen = session === undefined ? kAsk : sessionHeader(session);
  return chat(gateway, claudeRequest(prompt, extra), { ...chosen, ...headers }, { limitMs });
}

// Sends a request on a connection of its own and waits for nothing.
export async function send(gateway, prompt, { session, headers = {}, ...extra } = {}) {
  const connection = await RawConnection.open(gateway.port);
  const chosen = session === undefined ? kAsk : sessionHeader(session);
  const body = claudeRequest(prompt, extra);
  const target = '/v1/chat/completions';
  await connection.send(requestBytes({ method: 'POST', target, headers: { ...chosen, ...headers }, body }));
  return connection;
}

// A stream up to its head: {connection, session}.
export async function openStream(gateway, prompt, options = {}) {
  const connection = await send(gateway, prompt, { stream: true, ...options });
  const head = await connection.responseHead(kAnswerLimitMs);
  assert.equal(head.status, 200, 'status of the stream');
  return { connection, session: head.header('x-claude-session-id') };
}

// Reads a stream until this text has come.
export async function readUntil(connection, text) {
  let seen = '';
  while (!seen.includes(text)) {
    const piece = await connection.chunk(kAnswerLimitMs);
    assert.ok(piece, `the stream ended before ${JSON.stringify(text)}: ${seen.slice(-300)}`);
    seen += piece;
  }
}

export function claudeRequest(prompt, extra = {}) {
  return { model: 'sonnet', messages: [{ role: 'user', content: prompt }], ...extra };
}

// The same with the answer checked for 200: its session and its text.
export async function turn(gateway, prompt, options = {}) {
  const response = await ask(gateway, prompt, options);
  assert.equal(response.status, 200, response.text);
  return { response, session: response.header('x-claude-session-id'), text: plainText(response) };
}

export function plainText(response) {
  return response.header('content-type')?.startsWith('application/json')
    ? response.json.choices[0].message.content
    : undefined;
}

export async function health(gateway) {
  return (await exchange(gateway, { target: '/health' })).json;
}

// Waits until no turn runs and nobody waits.
export async function untilIdle(gateway, limitMs = 15_000) {
  const isIdle = async () => {
    const { capacity } = (await health(gateway)).checks;
    return capacity.active === 0 && capacity.queued === 0;
  };
  await eventually('no turn that runs', isIdle, limitMs);
}

// ---- what the program keeps

// The program writes the file of a session some 70 ms after its first answer; killed before, it has lost the session.
export function untilKept(home, session) {
  return eventually(`a file of session ${session}`, () => sessionFile(home, session) !== undefined);
}

// The file of a session, undefined while there is none.
export function sessionFile(home, session) {
  const folder = join(home, '.claude/projects');
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder, { recursive: true }).find((name) => name.endsWith(`${session}.jsonl`));
  return found && join(folder, found);
}
