import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { ask, claudeStage, kAnthropicKey, turn } from './claude_stage.mjs';
import { assertChatStream, streamedText } from './contract.mjs';
import { begin, finish, reply, textBlock, thinkingBlock } from './messages_steps.mjs';
import { ScriptedCli } from './scripted_cli.mjs';

const kHouseSecret = 'the-house-is-blue-42';
const { api, gateway } = await claudeStage({ claude: { redact: [kHouseSecret] } });
const { session } = await turn(gateway, 'begin');

beforeEach(() => api.forget());

const kPem = `-----BEGIN RSA ${'PRIVATE'} KEY-----\nMIIEpAIBAAKCAQEA1\nabcdefgh\n-----END RSA ${'PRIVATE'} KEY-----`;
const kSecrets = {
  'a key of Anthropic': `sk-ant-api03-${'aB3_'.repeat(12)}`,
  'a key of OpenAI': `sk-proj-${'Zz9'.repeat(14)}`,
  'a key of Amazon': 'AKIAIOSFODNN7EXAMPLE',
  'a bearer token': 'Bearer abcdef0123456789.abcdef-_~+/',
  'a token of GitHub': `ghp_${'A1b2'.repeat(9)}`,
  'a key of Google': `AIza${'Sy_0-'.repeat(7)}`,
  'a private key': kPem,
  'a URL with credentials': 'https://user:pa55word@example.org/',
  'a password of an environment': 'DB_PASSWORD=correcthorse',
  'a secret of an environment': 'APP_SECRET=batterystaple',
  'a token of an environment': 'CI_TOKEN=abc123def456',
  'the key of the instance': kAnthropicKey,
  'a configured text': kHouseSecret,
};
const tell = (secret) =>
  secret.split(/Bearer |=|:\/\/user:|@example/).findLast((part) => part.length > 6 && part !== '.org/');

for (const [what, secret] of Object.entries(kSecrets)) {
  test(`claude redaction: ${what} does not reach the client, plain or cut anywhere`, async () => {
    const text = `before ${secret} after`;
    api.answer(reply([text]));
    const { text: plain } = await turn(gateway, 'say', { session });
    assert.ok(plain.startsWith('before ') && plain.endsWith(' after'), plain);
    assert.ok(plain.includes('[REDACTED]') && !plain.includes(tell(secret)), plain);

    for (const size of [1, 7, Math.ceil(text.length / 2)]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'));
      api.answer(reply(pieces));
      const response = await ask(gateway, 'say', { session, stream: true });
      const streamed = streamedText(assertChatStream(response).values);
      assert.equal(streamed, plain, `in pieces of ${size}`);
    }
  });
}

test('claude redaction: what only looks like a secret at first comes through', async () => {
  const text = 'sk- is a prefix, AKIA too, Bearer of bad news, http://example.org/a:b, ghp_short, PASSWORD is a word.';
  api.answer(reply([text]));
  assert.equal((await turn(gateway, 'say', { session })).text, text);
  api.answer(reply([...text]));
  assert.equal(streamedText(assertChatStream(await ask(gateway, 'say', { session, stream: true })).values), text);
});

test('claude redaction: thinking is read, too', async () => {
  const secret = kSecrets['a key of Anthropic'];
  api.answer(
    begin(),
    thinkingBlock(['I know ', secret.slice(0, 20), secret.slice(20), ' well']),
    textBlock(['no']),
    finish(),
  );
  const { response } = await turn(gateway, 'think', { session });
  assert.equal(response.json.choices[0].message.reasoning_content, 'I know [REDACTED] well');
  const streamed = await ask(gateway, 'think', { session, stream: true });
  assert.ok(!streamed.text.includes(secret.slice(0, 20)) && streamed.text.includes('[REDACTED]'));
});

test('claude redaction: a secret that the end of the answer cuts short does not come out with the rest', async () => {
  api.answer(reply(['my key is ', `sk-ant-api03-${'aB3_'.repeat(12)}`]));
  const { values } = assertChatStream(await ask(gateway, 'say', { session, stream: true }));
  assert.equal(streamedText(values), 'my key is [REDACTED]');
});

test('claude redaction: text held back is not held for long where there is nothing to hide', async () => {
  api.answer(begin(), textBlock(['just ', 'plain ', 'words'], { gapMs: 100 }), finish());
  const { values } = assertChatStream(await ask(gateway, 'say', { session, stream: true }));
  const pieces = values.map(({ choices }) => choices[0].delta.content ?? '').filter((text) => text !== '');
  assert.ok(pieces.length >= 3, `pieces ${JSON.stringify(pieces)}`);
});

test('claude redaction: an error of a program that leaks is redacted', async () => {
  const cli = new ScriptedCli();
  after(() => cli.remove());
  const { gateway: own } = await claudeStage({ cli: cli.path });
  for (const secret of [kAnthropicKey, kSecrets['a key of Amazon'], kSecrets['a password of an environment']]) {
    cli.behave({
      turn: [{ finish: { is_error: true, subtype: 'error_during_execution', result: `failed with ${secret}` } }],
    });
    const { text } = await ask(own, 'hi');
    assert.ok(!text.includes(tell(secret)), text);
  }
  cli.behave({ turn: [{ say: `x ${kAnthropicKey.slice(0, 15)}` }, { say: `${kAnthropicKey.slice(15)} y` }] });
  const response = await ask(own, 'hi', { stream: true });
  assert.equal(streamedText(assertChatStream(response).values), 'x [REDACTED] y');
});

test("claude redaction: a token that the program has from the gateway's environment is a secret, too", async () => {
  const token = 'house-bearer-99-violet';
  const cli = new ScriptedCli({ turn: [{ say: `it is ${token}.` }] });
  after(() => cli.remove());
  const { gateway: own } = await claudeStage({ cli: cli.path, env: { ANTHROPIC_AUTH_TOKEN: token } });
  assert.equal((await turn(own, 'say')).text, 'it is [REDACTED].');
});
