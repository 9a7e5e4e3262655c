// Plugin files and configurations that a reload has to refuse. Whatever they are, the gateway serves on without one
// failed answer, says what was wrong with what, and takes the next good file.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { answerLoad, ChatLoad } from './chat_load.mjs';
import { bytesOf, craft, rebuilt, withMachine, withManifest } from './crafted_plugin.mjs';
import { chatRequest } from './openai_shapes.mjs';
import { chat } from './raw_http.mjs';
import { assertDone, assertRefused, ReloadStage } from './reload_stage.mjs';

// A hanging plugin costs this much per trial; a good one on a busy machine must not need it.
const kProbeTimeoutMs = 4000;
const kLightLoad = { clients: 2, pauseMs: 5 };

const good = await craft({ CRAFTED_TEXT: '"first"' });
const goodBytes = bytesOf(good);
const others = [good, await craft({ CRAFTED_TEXT: '"second"' })];

const stage = await ReloadStage.start({
  plugins: ['openai.so'],
  // A folder of its own, whose rights a test may change without touching the other plugins.
  files: (place) => {
    mkdirSync(place.path('own'), { mode: 0o755 });
    place.install('own/subject.so', good);
  },
  configure: (configuration) => {
    configuration.reload.probe_timeout_ms = kProbeTimeoutMs;
    configuration.backends.subject = { plugin: 'own/subject.so' };
    configuration.routes = [{ match: { model: 'crafted' }, backend: 'subject' }, { backend: 'openai' }];
  },
});
answerLoad(stage.upstream);
const load = ChatLoad.start(stage.gateway, kLightLoad);
after(() => load.stop());
let generation = 1;
let turn = 0;

const subject = 'own/subject.so';
const folder = () => stage.path('own');

async function subjectSays() {
  const response = await chat(stage.gateway, chatRequest({ model: 'crafted' }));
  assert.equal(response.status, 200, response.text);
  return response.json.choices[0].message.content;
}

// Puts the other good file into its place again and takes it: the refusal left nothing behind.
async function recover() {
  rmSync(stage.path(subject), { recursive: true, force: true });
  chmodSync(folder(), 0o755);
  turn = 1 - turn;
  stage.install(subject, others[turn]);
  const done = assertDone(await stage.reload(), stage.gateway);
  assert.deepEqual([done.generation, done.was], [generation + 1, generation]);
  generation = done.generation;
  assert.equal(await subjectSays(), ['first', 'second'][turn]);
}

// One refusal, seen through every command. `announced` is what `diff` has to show.
async function assertRejected({ step, path = /backends\.subject/, reasons, announced = /subject/ }) {
  const before = { answers: load.answers, refused: await stage.metric('sluice_reloads_total', { result: 'refused' }) };
  const said = await subjectSays();
  const expected = { step, path, reasons, generation };
  const difference = await stage.diff();
  assert.notEqual(difference.code, 0, 'diff shows that something differs');
  assert.match(difference.stdout + difference.stderr, announced);
  assertRefused(await stage.reload('--dry-run'), expected);
  const refusal = await stage.reload();
  assertRefused(refusal, expected);
  const counted = await stage.metric('sluice_reloads_total', { result: 'refused' });
  assert.ok(
    counted > before.refused,
    `sluice_reloads_total{result="refused"} went from ${before.refused} to ${counted}`,
  );
  assert.equal(await stage.metric('sluice_generation'), generation);
  const isIt = (line) =>
    line.event === 'reload_refused' &&
    line.step === step &&
    reasons.every((reason) => reason.test(JSON.stringify(line)));
  assert.match(JSON.stringify(await stage.gateway.logLine(isIt)), path, 'the log names the place');
  assert.equal(await subjectSays(), said, 'the old code answers');
  assert.deepEqual(load.failures, []);
  assert.ok(load.answers > before.answers, 'the clients were served meanwhile');
}

// `arrange` puts the bad thing into place and may return what undoes it.
function rejects(name, arrange, refusal) {
  test(`rejects: ${name}`, async () => {
    const undo = await arrange();
    try {
      await assertRejected(refusal);
    } finally {
      await undo?.();
    }
    await recover();
  });
}

const installCrafted = (macros, options) => async () => {
  stage.install(subject, await craft(macros, options));
};
const installBytes = (change) => () => {
  stage.install(subject, change(goodBytes));
};

// ---- what its code does, seen by the trial

const kCrashes = /SIGSEGV|segmentation/i;
const kAborts = /SIGABRT|abort/i;
const kHangs = new RegExp(`${kProbeTimeoutMs} ms`);
const kAtLoad = /static constructors|load/i;
const kAtCreate = /create/i;

const codeCases = [
  ['a crash in a static constructor', { CRAFTED_AT_LOAD: 'crash()' }, [kCrashes, kAtLoad]],
  ['an exception in a static constructor', { CRAFTED_AT_LOAD: 'throw 5' }, [kAborts, kAtLoad]],
  ['an exit in a static constructor', { CRAFTED_AT_LOAD: '_exit(3)' }, [/\b3\b/, kAtLoad]],
  ['an honest-looking exit in a static constructor', { CRAFTED_AT_LOAD: '_exit(0)' }, [/exit|ended/i, kAtLoad]],
  ['a static constructor that never ends', { CRAFTED_AT_LOAD: 'hang()' }, [kHangs, kAtLoad]],
  ['a crash in create', { CRAFTED_AT_CREATE: 'crash()' }, [kCrashes, kAtCreate]],
  ['an exception in create', { CRAFTED_AT_CREATE: 'throw 5' }, [kAborts, kAtCreate]],
  ['a create that never ends', { CRAFTED_AT_CREATE: 'hang()' }, [kHangs, kAtCreate]],
  ['a create that refuses', { CRAFTED_AT_CREATE: 'return refuse(errors, "no such colour")' }, [/no such colour/]],
  ['a symbol that nothing defines', { CRAFTED_UNDEFINED: null }, [/crafted_not_there/]],
  ['a descriptor that differs from the manifest', { CRAFTED_DESCRIPTOR_NAME: '"somebody"' }, [/somebody/, /crafted/]],
];
for (const [name, macros, reasons] of codeCases) rejects(name, installCrafted(macros), { step: 'probe', reasons });

rejects(
  'a create that refuses where it is not only tried',
  installCrafted({
    CRAFTED_AT_CREATE: 'if ((host->flags & SLUICE_HOST_PROBE) == 0) return refuse(errors, "no such port")',
  }),
  { step: 'create', reasons: [/no such port/] },
);

// ---- what stands in the file, seen without running it

const kMachineArm = 183;
const inspected = (reasons) => ({ step: 'inspect', reasons });

rejects(
  'a wrong magic',
  installBytes((bytes) => withManifest(bytes, { magic: 0x12345678 })),
  inspected([/0x12345678/, /0x43494c53/i]),
);
rejects(
  'another major ABI',
  installBytes((bytes) => withManifest(bytes, { abiMajor: 2 })),
  inspected([/ABI 2\.0/, /1\.\d+/]),
);
rejects(
  'a host that is too old',
  installBytes((bytes) => withManifest(bytes, { minHostMinor: 99 })),
  inspected([/1\.99/, /1\.\d+/]),
);
rejects(
  'an interface that this host does not have',
  installCrafted({ CRAFTED_NEEDS: '"sluice.host.teleport/9"' }),
  inspected([/sluice\.host\.teleport\/9/]),
);
rejects(
  'another machine',
  installBytes((bytes) => withMachine(bytes, kMachineArm)),
  inspected([/aarch64/, /x86-64/]),
);
rejects('no manifest', installCrafted({ CRAFTED_WITHOUT_MANIFEST: null }), inspected([/manifest/]));
rejects(
  'an executable stack',
  installCrafted({}, { linkOptions: ['-Wl,-z,execstack'] }),
  inspected([/executable stack/]),
);
rejects(
  'a text file',
  installBytes(() => Buffer.from('#!/bin/sh\necho a plugin of more than sixty-four bytes, which an ELF head needs\n')),
  inspected([/no ELF file/]),
);
rejects(
  'an empty file',
  installBytes(() => Buffer.alloc(0)),
  inspected([/0 bytes/]),
);
for (const [where, cut] of [
  ['inside the head', () => 40],
  ['behind the head', () => 64],
  ['behind the program headers', () => 1024],
  ['in the middle', (bytes) => Math.floor(bytes.length / 2)],
  ['one byte before the end', (bytes) => bytes.length - 1],
])
  rejects(
    `a file cut off ${where}`,
    installBytes((bytes) => bytes.subarray(0, cut(bytes))),
    inspected([/truncated|bytes/]),
  );

// ---- where it lies

rejects(
  'a folder in its place',
  () => (rmSync(stage.path(subject)), mkdirSync(stage.path(subject))),
  inspected([/folder/]),
);
rejects('a file that is not there', () => rmSync(stage.path(subject)), inspected([/No such file/]));
rejects(
  'a symbolic link',
  () => (rmSync(stage.path(subject)), symlinkSync(good, stage.path(subject))),
  inspected([/symbolic link/]),
);
rejects(
  'a file that everyone may write',
  async () => chmodSync(stage.install(subject, await rebuilt(good, 'open')), 0o777),
  inspected([/0777/, /everyone/]),
);
rejects(
  'a folder that its group may write',
  async () => (stage.install(subject, await rebuilt(good, 'group')), chmodSync(folder(), 0o775)),
  inspected([/folder/, /0775/, /group/]),
);

// ---- the configuration around it

const changed = (edit) => () => {
  const kept = structuredClone(stage.configuration);
  stage.change(edit);
  return () => stage.change((configuration) => Object.assign(configuration, kept));
};

rejects(
  'one name for two instances',
  changed((configuration) => (configuration.middleware = [{ name: 'subject', plugin: 'own/subject.so' }])),
  { step: 'config', path: /middleware\[0\]/, reasons: [/subject/], announced: /subject/ },
);
rejects(
  'two plugins with one name',
  async () => {
    stage.install('twin.so', await craft({ CRAFTED_TEXT: '"twin"', CRAFTED_VERSION: '"2.0.0"' }));
    return changed(
      (configuration) => (configuration.backends = { ...configuration.backends, twin: { plugin: 'twin.so' } }),
    )();
  },
  {
    step: 'inspect',
    path: /backends\.(twin|subject)/,
    reasons: [/crafted/, /own\/subject\.so/, /twin\.so/],
    announced: /twin/,
  },
);

test('rejects: all of that took no answer from the clients', async (t) => {
  const answers = await load.stop();
  const refused = await stage.metric('sluice_reloads_total', { result: 'refused' });
  t.diagnostic(`${answers} answers during ${refused} refused reloads; generation ${generation} serves`);
  assert.equal(await stage.metric('sluice_reloads_total', { result: 'done' }), generation - 1);
  assert.equal(stage.logged('plugin_resident').length, 0);
});
