// All clients of a phase: `clients.mjs '{"seed": 1, "phase": "main", "clients": 100, "seconds": 60, "port": 1, "admin": "SOCKET",
// "routes": [...], "outcomes": "FILE"}'`. Writes one line for each request, with what the client saw and what the gateway
// says of it, and ends. Its input's end ends it early.
import { createWriteStream } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { ChaosClient } from './chaos_client.mjs';
import { ExplainedRecords } from './explained_records.mjs';

const run = JSON.parse(process.argv[2]);
const file = createWriteStream(run.outcomes);
const records = new ExplainedRecords(run.admin);
const asked = new Set();

async function account(outcome) {
  let told;
  try {
    told = { records: (await records.of(outcome.id)).map(factsOf) };
  } catch (error) {
    told = { records: [], explainError: String(error) };
  }
  file.write(`${JSON.stringify({ ...outcome, ...told })}\n`);
}

function factsOf(record) {
  const { status, error_code, ended_by, phase, duration_ms, prompt_tokens, completion_tokens, is_usage_estimated, attempt_count } = record;
  const attempts = record.attempts.map(({ target, outcome, status, is_answer, reason }) => ({ target, outcome, status, is_answer, reason }));
  return { status, error_code, ended_by, phase, duration_ms, prompt_tokens, completion_tokens, is_usage_estimated, attempt_count, attempts };
}

function onEnd(outcome) {
  const question = account(outcome).finally(() => asked.delete(question));
  asked.add(question);
}

process.stdin.resume();
process.stdin.once('close', () => process.exit(1));
const endMs = performance.now() + run.seconds * 1000;
const clients = Array.from({ length: run.clients }, (_, number) => new ChaosClient(number, run, onEnd));
await Promise.all(clients.map((client) => client.askUntil(endMs)));
await Promise.all(asked);
records.end();
await new Promise((resolve) => file.end(resolve));
process.exit(0);
