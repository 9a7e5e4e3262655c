// `sluice route explain`: which target a request takes, and why, as the running gateway says or its configuration alone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, kUpstreamKey } from './gateway.mjs';
import { apiError, chatCompletion, chatRequest, kModel } from './openai_shapes.mjs';
import { chat, exchange, requestBytes } from './raw_http.mjs';
import { RouteStage } from './route_stage.mjs';
import { json } from './upstream_steps.mjs';

const kSecret = 'sk-asked-5d77c01b9e';
const answer = (text) => json(chatCompletion(text));

// A route for each kind of condition, and one for the rest.
const kRoutes = [
  { match: { model: 'claude-*' }, backend: 'spare' },
  { match: { header: { name: 'X-Pick', in: ['spare', 'other'] } }, backend: 'spare' },
  { match: { attribute: { name: 'key.id', equals: 'k1' } }, backend: 'spare' },
  { match: { path: '/v1/embeddings', method: 'POST' }, backend: 'spare' },
  { match: { model: 'gone' }, error: { code: 'model_not_found', message: 'It is gone.' } },
  { match: { header: { name: 'Authorization', equals: 'Bearer sk-configured-1' } }, backend: 'spare' },
  { backend: 'main' },
];

// The outcome of the command as an object, with its exit code.
async function explained(stage, ...words) {
  const { code, stdout, stderr } = await stage.gateway.command('route', 'explain', '--json', ...words);
  assert.equal(stderr, '');
  return { code, ...JSON.parse(stdout) };
}

test('route explain: each kind of condition takes a request as the gateway does', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: kRoutes });
  const cases = [
    [['--model', 'claude-3'], 'routes[0]', 'spare'],
    [['--header', 'x-pick: OTHER'], 'routes[1]', 'spare'],
    [['--attribute', 'key.id=k1'], 'routes[2]', 'spare'],
    [['--path', '/v1/embeddings'], 'routes[3]', 'spare'],
    [['--path', '/v1/embeddings/x', '--method', 'GET'], 'routes[6]', 'main'],
    [[], 'routes[6]', 'main'],
  ];
  for (const [words, route, backend] of cases) {
    const found = await explained(stage, ...words);
    assert.equal(found.code, 0, words.join(' '));
    assert.equal(found.route, route, words.join(' '));
    assert.equal(found.backend, backend, words.join(' '));
    assert.equal(found.generation, 1);
    assert.equal(found.passed_count, Number(/\d+/.exec(route)[0]));
  }
  // What was told is what happens.
  for (const [model, headers, upstream] of [['claude-3', {}, 'spare'], [kModel, { 'X-Pick': 'other' }, 'spare'], [kModel, {}, 'main']]) {
    for (const each of [stage.main, stage.spare]) each.answer(answer('x'));
    const before = stage[upstream].requests.length;
    await chat(stage.gateway, chatRequest({ model }), headers);
    assert.equal(stage[upstream].requests.length, before + 1, model);
  }
});

test('route explain: routes before the one that takes it are told with what did not match', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: kRoutes });
  const { passed, conditions } = await explained(stage, '--model', 'gpt-4o', '--header', 'X-Pick: nobody');
  assert.deepEqual(conditions, []);
  const reasons = passed.map(({ route, condition, found, expected }) => [route, condition, found, expected]);
  assert.deepEqual(reasons, [
    ['routes[0]', 'model', 'gpt-4o', 'claude-*'],
    ['routes[1]', 'header', 'nobody', 'one of: spare, other'],
    ['routes[2]', 'attribute', null, 'k1'],
    ['routes[3]', 'path', '/v1/chat/completions', '/v1/embeddings'],
    ['routes[4]', 'model', 'gpt-4o', 'gone'],
    ['routes[5]', 'header', null, '***'],
  ]);
  const { code, stdout } = await stage.gateway.command('route', 'explain', '--model', 'gpt-4o');
  assert.equal(code, 0);
  assert.match(stdout, /^POST \/v1\/chat\/completions, model "gpt-4o", generation 1$/m);
  assert.match(stdout, /^ {2}routes\[0\] does not match: model: found "gpt-4o", expected claude-\*$/m);
  assert.match(stdout, /^ {2}routes\[1\] does not match: header X-Pick: found none, expected one of: spare, other$/m);
  assert.match(stdout, /^ {2}routes\[6\] takes it: it has no conditions$/m);
  assert.match(stdout, /^ {2}backend: main, one attempt; deadlines: request \d+ ms, head none, first event \d+ ms, event gap \d+ ms$/m);
});

test('route explain: what no route takes, and what never comes to the routes, has exit code 1', async (t) => {
  const stage = await RouteStage.start({
    context: t,
    routes: kRoutes.slice(0, 5),
    more: { request_headers: { 'X-Closed': { one_of: ['a', 'b'] } } },
  });
  const none = await explained(stage, '--model', 'gpt-4o');
  assert.equal(none.code, 1);
  assert.equal(none.route, null);
  assert.equal(none.error.code, 'backend_unavailable');
  assert.equal(none.passed.length, 5);
  const closed = await explained(stage, '--model', 'claude-3', '--header', 'X-Closed: c');
  assert.equal(closed.code, 1);
  assert.equal(closed.error.code, 'invalid_header_value');
  // The very error that the client gets.
  const response = await chat(stage.gateway, chatRequest({ model: 'claude-3' }), { 'X-Closed': 'c' });
  assert.deepEqual([response.status, response.json.error.message], [closed.error.status, closed.error.message]);
  const nowhere = await explained(stage, '--path', '/nowhere', '--method', 'GET');
  assert.equal(nowhere.code, 1);
  assert.equal(nowhere.error.message, (await exchange(stage.gateway, { target: '/nowhere' })).json.error.message);
  assert.equal((await explained(stage, '--path', '/health', '--method', 'GET')).answered_by, 'health');
  const error = await explained(stage, '--model', 'gone');
  assert.equal(error.code, 0);
  assert.deepEqual([error.route, error.error.code, error.error.message], ['routes[4]', 'model_not_found', 'It is gone.']);
});

test('route explain: a request is read from a file or from stdin, as JSON or as HTTP', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: kRoutes });
  const file = join(stage.folder, 'request');
  const ask = async (content, ...words) => {
    writeFileSync(file, content);
    const fromFile = await explained(stage, '--request', file, ...words);
    const piped = await stage.gateway.commandWithInput(content, 'route', 'explain', '--json', '--request', '-', ...words);
    assert.deepEqual({ code: piped.code, ...JSON.parse(piped.stdout) }, fromFile);
    return fromFile;
  };
  const body = JSON.stringify({ model: 'claude-3', messages: [{ role: 'user', content: 'a-secret-prompt' }] });
  assert.deepEqual([(await ask(body)).route, (await ask(body)).model], ['routes[0]', 'claude-3']);
  const raw = requestBytes({ method: 'POST', target: '/v1/embeddings', headers: { 'X-Pick': 'spare' }, body: { model: 'm' } });
  const found = await ask(raw);
  assert.deepEqual([found.route, found.path, found.model], ['routes[1]', '/v1/embeddings', 'm']);
  // Options come before what stands in the file.
  assert.equal((await ask(raw, '--header', 'X-Pick: none')).route, 'routes[3]');
  assert.equal((await ask(raw, '--header', 'X-Pick: none', '--path', '/v1/x')).route, 'routes[6]');
  assert.equal((await ask(raw, '--model', 'claude-3')).route, 'routes[0]');
  // A body larger than what the admin socket takes stays with the command.
  const large = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(3 << 20) }], model: 'claude-3' });
  assert.equal((await ask(large)).route, 'routes[0]');
});

test('route explain: wrong arguments are refused with found and expected', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: kRoutes });
  const broken = join(stage.folder, 'broken');
  writeFileSync(broken, '{"model": a-secret-prompt');
  const cases = [
    [[], /found "", expected explain \[/],
    [['list'], /found "list", expected explain/],
    [['explain', '--modle', 'x'], /found "--modle", expected explain/],
    [['explain', '--model'], /--model: found nothing behind it, expected/],
    [['explain', '--header', 'X-Pick'], /--header: found "X-Pick", expected "NAME: VALUE"/],
    [['explain', '--path', 'v1'], /--path: found "v1", expected a path that begins with \//],
    [['explain', '--request', join(stage.folder, 'none')], /--request \S+none: found no file that can be read, expected one/],
    [['explain', '--request', stage.folder], /found no file that can be read, expected one/],
    [['explain', '--request', broken], /--request \S+broken: body: /],
  ];
  for (const [words, expected] of cases) {
    const { code, stdout, stderr } = await stage.gateway.command('route', ...words);
    assert.equal(code, 2, words.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, expected);
    assert.ok(!stderr.includes('a-secret-prompt'), stderr);
  }
});

test('route explain: an open circuit is shown with the time it stays so, and with who is asked meanwhile', async (t) => {
  const route = {
    targets: [{ backend: 'main', weight: 3 }, { backend: 'spare', max_concurrent: 7 }],
    fallbacks: [{ backend: 'spare', model: 'small', on: ['circuit_open', '529'] }],
    breaker: { min_calls: 3, open_ms: 60_000 },
    retry: { attempts: 2, on: ['connect'] },
    on_cut: 'hold',
  };
  const stage = await RouteStage.start({ context: t, route });
  const before = await explained(stage);
  assert.deepEqual(before.targets.map(({ target, share, circuit }) => [target, share, circuit]), [
    ['main', 0.75, 'closed'],
    ['spare', 0.25, 'closed'],
  ]);
  assert.equal(before.targets[1].max_concurrent, 7);
  assert.deepEqual(before.fallbacks.map(({ target, model, on }) => [target, model, on]), [
    ['spare/small', 'small', ['circuit_open', '529']],
  ]);
  assert.deepEqual([before.balance, before.retry.attempts, before.retry.on, before.on_cut], ['weighted', 2, ['connect'], 'hold']);
  stage.main.answer(json(apiError('no', 'server_error'), { status: 500 }));
  stage.spare.answer(answer('spare'));
  let isOpen = false;
  for (let sent = 0; sent < 100 && !isOpen; ++sent) {
    await chat(stage.gateway, chatRequest());
    isOpen = stage.gateway.logLines.some(({ event }) => event === 'circuit_opened');
  }
  await stage.gateway.logLine(({ event, target }) => event === 'circuit_opened' && target === 'main');
  const after = await explained(stage);
  const [main, spare] = after.targets;
  assert.deepEqual([main.circuit, main.share, main.is_usable, spare.share], ['open', 0, false, 1]);
  assert.ok(main.open_for_ms > 0 && main.open_for_ms <= 60_000, JSON.stringify(main));
  assert.ok(main.recent_calls >= 3, JSON.stringify(main));
  const { stdout } = await stage.gateway.command('route', 'explain');
  assert.match(stdout, /^ {4}main: not now, weight 3, circuit open for another \d+ ms, 0 calls under way; deadlines/m);
  assert.match(stdout, /^ {4}spare: 100\.0 %, weight 1, circuit closed, 0 of 7 calls under way/m);
  assert.match(stdout, /^ {2}fallback 1: spare\/small, for circuit_open, 529, sent with model "small", /m);
});

test('route explain: asking changes nothing', async (t) => {
  const route = {
    targets: [{ backend: 'main', max_concurrent: 1 }],
    fallbacks: [{ backend: 'spare' }],
    breaker: { min_calls: 3, open_ms: 1000 },
    retry: { attempts: 2, on: ['connect'] },
  };
  const stage = await RouteStage.start({ context: t, route });
  stage.main.answer(json(apiError('no', 'server_error'), { status: 500 }));
  stage.spare.answer(answer('spare'));
  for (let sent = 0; sent < 3; ++sent) await chat(stage.gateway, chatRequest());
  await eventually('the next call is a trial', async () => (await explained(stage)).targets[0].circuit === 'half_open');
  const counts = async () => {
    const [{ in_flight, recent_calls, recent_retries, circuit }] = (await explained(stage)).targets;
    return { in_flight, recent_calls, recent_retries, circuit };
  };
  assert.deepEqual(await counts(), { in_flight: 0, recent_calls: 3, recent_retries: 0, circuit: 'half_open' });
  assert.deepEqual(await counts(), { in_flight: 0, recent_calls: 3, recent_retries: 0, circuit: 'half_open' });
  assert.equal(stage.main.requests.length, 3);
  // The place of the call on trial is free.
  stage.main.answer(answer('main'));
  assert.equal((await chat(stage.gateway, chatRequest())).json.choices[0].message.content, 'main');
});

test('route explain: a session is told the target that its requests go to', async (t) => {
  const route = { targets: [{ backend: 'main' }, { backend: 'spare' }], sticky_header: 'X-Session-ID' };
  const stage = await RouteStage.start({ context: t, route });
  for (const each of ['main', 'spare']) stage[each].answer(answer(each));
  const seen = new Set();
  for (let session = 0; session < 8; ++session) {
    const id = `session-${session}`;
    const { is_sticky, targets } = await explained(stage, '--header', `X-Session-ID: ${id}`);
    assert.equal(is_sticky, true);
    const [{ target }] = targets.filter(({ share }) => share === 1);
    const response = await chat(stage.gateway, chatRequest(), { 'X-Session-ID': id });
    assert.equal(response.json.choices[0].message.content, target);
    seen.add(target);
  }
  assert.equal(seen.size, 2, 'the sessions of this test go to both');
  assert.deepEqual((await explained(stage)).targets.map(({ share }) => share), [0.5, 0.5]);
  const { stdout } = await stage.gateway.command('route', 'explain', '--header', 'X-Session-ID: session-0');
  assert.match(stdout, /^ {2}target: by the value of the header X-Session-ID, while that one can be asked$/m);
});

test('route explain: who lists a model is what the gateway knows, and undecided without one', async (t) => {
  const routes = [{ match: { listed_model: true } }, { backend: 'main' }];
  const stage = await RouteStage.start({ context: t, routes });
  await eventually('both lists', async () =>
    (await explained(stage, '--model', kModel)).passed[0]?.note === 'listed by: main, spare');
  const found = await explained(stage, '--model', kModel);
  assert.deepEqual([found.route, found.passed[0].condition, found.undecided_count], ['routes[1]', 'listed_model', 0]);
  const exit = await stage.gateway.stop();
  assert.equal(exit.code, 0);
  const alone = await explained(stage, '--model', kModel);
  assert.equal(alone.code, 0);
  assert.deepEqual([alone.generation, alone.route, alone.passed[0].is_undecided, alone.undecided_count], [null, 'routes[1]', true, 1]);
  assert.equal(alone.backend, 'main');
  const { stdout } = await stage.gateway.command('route', 'explain', '--model', kModel);
  assert.match(stdout, /by the configuration alone: no gateway runs/);
  assert.match(stdout, /routes\[0\] is undecided: model: found ".*" \(depends on which backend lists the model\)/);
  stage.rewrite((document) => (document.routes = 'none'));
  const broken = await stage.gateway.command('route', 'explain');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /routes: .*\n.*found no gateway on .* that listens on its admin\.sock, and a configuration that is not valid/s);
});

test('route explain: it is told by the generation that serves', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: [{ backend: 'main' }] });
  stage.rewrite((document) => (document.routes = [{ backend: 'spare' }]));
  assert.equal((await explained(stage)).backend, 'main');
  assert.equal((await stage.gateway.command('reload')).code, 0);
  const found = await explained(stage);
  assert.deepEqual([found.backend, found.generation], ['spare', 2]);
});

test('route explain: keys, header values and queries stand nowhere in it', async (t) => {
  const stage = await RouteStage.start({ context: t, routes: kRoutes });
  const words = ['--header', `Authorization: Bearer ${kSecret}`, '--path', `/v1/x?api_key=${kSecret}`];
  const plain = await stage.gateway.command('route', 'explain', ...words);
  const all = plain.stdout + plain.stderr + JSON.stringify(await explained(stage, ...words)) + stage.gateway.output;
  assert.match(all, /header Authorization: found "\*\*\*", expected \*\*\*/);
  for (const secret of [kSecret, kUpstreamKey, 'sk-configured-1']) assert.ok(!all.includes(secret), `${secret} is told`);
});
