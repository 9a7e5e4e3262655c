import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ask, claudeStage, programProcesses, turn, untilIdle } from './claude_stage.mjs';
import { assertBrokenChatStream, assertChatStream, assertError, assertOneOf, streamedText } from './contract.mjs';
import { eventually, isInstrumented } from './gateway.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

// What the real program cannot be made to do. Every turn has a process of its own.
const cli = new ScriptedCli();
after(() => cli.remove());
const { gateway } = await claudeStage({
  cli: cli.path,
  claude: { process_idle_ms: 0, silence_ms: 2500, max_output_bytes: 1_000_000, max_stderr_bytes: 100_000 },
});

beforeEach(async () => {
  cli.behave({});
  await untilIdle(gateway);
});

async function assertStillServing() {
  cli.behave({});
  assert.equal((await turn(gateway, 'still there?')).text, 'Hello.');
  await eventually('no process is left', () => programProcesses(gateway).length === 0, 10_000);
}

// The failure as a plain answer, and as a stream that had begun (`before`: what was said until then).
function failsAs(what, behaviour, { status, code, before = '' }) {
  test(`claude misbehaviour: a program that ${what} is ${status} ${code}`, async () => {
    cli.behave(behaviour);
    assertError(await ask(gateway, 'hi'), { status, type: 'server_error', code });
    await assertStillServing();
  });

  test(`claude misbehaviour: a program that ${what} is no clean end of a stream`, async () => {
    cli.behave(behaviour);
    const response = await ask(gateway, 'hi', { stream: true });
    if (before === '') {
      assertError(response, { status, type: 'server_error', code });
    } else {
      const { values } = assertBrokenChatStream(response, { code: 'stream_error' });
      assert.ok(streamedText(values).startsWith(before), streamedText(values).slice(0, 80));
    }
    await assertStillServing();
  });
}

const half = { say: 'half ' };
failsAs(
  'crashes in the middle',
  { turn: [half, { exit: 3 }] },
  { status: 500, code: 'internal_error', before: 'half ' },
);
failsAs(
  'dies of a signal in the middle',
  { turn: [half, { signal: 'SIGSEGV' }, { wait: 1000 }] },
  { status: 500, code: 'internal_error', before: 'half ' },
);
failsAs('exits without a word', { turn: [{ exit: 0 }] }, { status: 500, code: 'internal_error' });
failsAs('exits at its start', { start: { exit: 1 } }, { status: 500, code: ['internal_error', 'backend_error'] });
failsAs(
  'says what is no record',
  { turn: [half, { line: 'Segmentation fault (core dumped)' }, { wait: 300 }] },
  { status: 502, code: 'backend_error', before: 'half ' },
);
failsAs(
  'says a broken record',
  { turn: [{ line: '{"type":"stream_event","event":' }, { wait: 300 }] },
  { status: 502, code: 'backend_error' },
);
failsAs(
  'says a line without an end',
  { turn: [half, { bytes: 3_000_000 }, { wait: 300 }] },
  { status: 502, code: ['output_limit', 'backend_error'], before: 'half ' },
);
failsAs(
  'says more than is allowed',
  { turn: [{ endless: true, piece: 'x'.repeat(20_000), gap_ms: 1 }] },
  { status: 502, code: 'output_limit', before: 'x' },
);
failsAs('falls silent', { turn: [half, { silence: true }] }, { status: 504, code: 'timeout', before: 'half ' });
failsAs('never says a word', { turn: [{ silence: true }] }, { status: 504, code: 'timeout' });
failsAs(
  'never says a word and does not listen either',
  { turn: [{ silence: true }], ignores_interrupt: true },
  { status: 504, code: 'timeout' },
);

test('claude misbehaviour: much on stderr blocks nobody and is no error', async () => {
  cli.behave({ start: { error_output: 300_000 }, turn: [{ error_output: 3_000_000 }, { say: 'through' }] });
  assert.equal((await turn(gateway, 'hi')).text, 'through');
  await assertStillServing();
});

test('claude misbehaviour: stderr of a crash is not shown to the client', async () => {
  cli.behave({ turn: [{ error_output: 500 }, { exit: 9 }] });
  const { text } = await ask(gateway, 'hi');
  assert.ok(!text.includes('xxxx'), text);
});

test('claude misbehaviour: records of unknown kinds are passed over', async () => {
  const line = (record) => ({ line: JSON.stringify(record) });
  const unknown = [
    line({ type: 'brand_new', payload: [1, { deep: null }] }),
    line({ type: 'system', subtype: 'weather', text: 'not for clients' }),
    line({ type: 'stream_event', event: { type: 'content_block_sing', index: 0 } }),
    line({ type: 'rate_limit_event', rate_limit_info: { status: 'allowed' } }),
    { line: '' },
  ];
  cli.behave({ turn: [...unknown, { say: 'a' }, ...unknown, { say: 'b' }] });
  assert.equal((await turn(gateway, 'hi')).text, 'ab');
  assert.equal(streamedText(assertChatStream(await ask(gateway, 'hi', { stream: true })).values), 'ab');
});

test('claude misbehaviour: a request of the program that nobody expects blocks nothing', async () => {
  const request = {
    type: 'control_request',
    request_id: 'r1',
    request: { subtype: 'can_use_tool', tool_name: 'Bash' },
  };
  cli.behave({ turn: [{ line: JSON.stringify(request) }, { say: 'went on' }] });
  assert.equal((await turn(gateway, 'hi')).text, 'went on');
});

test('claude misbehaviour: a result without a text is an error, not an answer without an end', async () => {
  cli.behave({
    turn: [{ finish: { subtype: 'error_during_execution', is_error: true, result: undefined, errors: ['x'] } }],
  });
  for (const stream of [false, true])
    assertError(await ask(gateway, 'hi', { stream }), { status: 500, type: 'server_error', code: 'backend_error' });
});

test('claude misbehaviour: an empty answer is an answer', async () => {
  cli.behave({ turn: [{ finish: { result: '' } }] });
  const response = await ask(gateway, 'hi');
  assertOneOf(response.status, [200, 502], response.text);
  if (response.status === 200) assertOneOf(response.json.choices[0].message.content, ['', null], 'content');
});

test('claude misbehaviour: is_error counts, whatever the subtype says', async () => {
  const finish = { subtype: 'success', is_error: true, result: 'API Error: 529 busy', api_error_status: 529 };
  cli.behave({ turn: [{ finish }] });
  assertError(await ask(gateway, 'hi'), { status: 503, type: 'server_error', code: 'backend_overloaded' });
});

test('claude misbehaviour: paths, environment and stack traces of an error stay inside', async () => {
  const result = [
    'Error: ENOENT: no such file, open /home/operator/.claude/settings.json',
    '    at Object.<anonymous> (/$bunfs/root/claude:1234:56)',
    '    at async main (file:///opt/claude/cli.js:9:9)',
    'HOME=/home/operator ANTHROPIC_API_KEY=sk-ant-api03-abcdefghijklmnop',
  ].join('\n');
  cli.behave({ turn: [{ finish: { is_error: true, subtype: 'error_during_execution', result } }] });
  const response = await ask(gateway, 'hi');
  assertError(response, { status: 500, type: 'server_error', code: 'backend_error' });
  for (const part of ['/home/operator', '.claude', 'bunfs', 'at async', 'cli.js', 'HOME=', 'sk-ant'])
    assert.ok(!response.text.includes(part), `${part} in ${response.text}`);
});

test('claude misbehaviour: a slow start is waited for', async () => {
  cli.behave({ start: { delay_ms: 1500 } });
  assert.equal((await turn(gateway, 'hi')).text, 'Hello.');
});

test(
  'claude misbehaviour: endless output does not fill the memory of the gateway',
  { skip: isInstrumented() },
  async () => {
    const before = gateway.residentBytes();
    cli.behave({ turn: [{ bytes: 30_000_000 }, { wait: 1000 }] });
    assertError(await ask(gateway, 'hi'), { status: 502, code: ['output_limit', 'backend_error'] });
    const rose = gateway.residentBytes() - before;
    assert.ok(rose < 8_000_000, `memory rose by ${rose} bytes`);
  },
);
