// One client: asks again and again, on one connection as long as that lasts, and judges every answer.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { RawConnection, requestBytes } from '../../../tests/integration/raw_http.mjs';
import { planOf, requestOf } from './client_plan.mjs';
import { orderText } from './numbered_answer.mjs';
import { verdictOf } from './verdict.mjs';

const kLongestReasonCharacters = 400;

export class ChaosClient {
  // `run`: {seed, phase, port, routes}; `onEnd(outcome)` is called after each request.
  constructor(number, run, onEnd) {
    Object.assign(this, { number, run, onEnd });
    this.connection = undefined;
  }

  // Asks until the time has come (performance.now()), then ends its connection.
  async askUntil(endMs) {
    for (let number = 0; performance.now() < endMs; ++number) {
      const plan = planOf(this.run.seed, this.run.phase, this.number, number, this.run.routes);
      this.onEnd(await this.#ask(plan));
      await delay(plan.pauseMs);
    }
    this.#hangUp();
  }

  async #ask(plan) {
    const outcome = { id: plan.id, route: plan.route.name, isStream: plan.isStream, wantsUsage: plan.wantsUsage, pieces: plan.pieces };
    const began = performance.now();
    let leaving;
    try {
      this.connection ??= await RawConnection.open(this.run.port);
      if (plan.leave) leaving = setTimeout(() => this.#leave(outcome, plan.leave.how), plan.leave.afterMs);
      const response = await this.#exchange(plan, began + plan.deadlineMs, outcome);
      Object.assign(outcome, verdictOf(plan, response));
      if (/close/i.test(response.header('connection') ?? '')) this.#hangUp();
    } catch (error) {
      this.#hangUp();
      outcome.verdict = outcome.hasLeft ? 'left' : this.#reproach(error, outcome);
    } finally {
      clearTimeout(leaving);
    }
    outcome.elapsedMs = Math.round(performance.now() - began);
    return outcome;
  }

  async #exchange(plan, deadline, outcome) {
    const body = requestOf(plan, orderText(plan));
    const headers = { 'X-Request-ID': plan.id };
    const left = () => Math.max(1, deadline - performance.now());
    await this.connection.send(requestBytes({ method: 'POST', target: '/v1/chat/completions', headers, body }));
    const response = await this.connection.responseHead(left());
    outcome.status = response.status;
    outcome.attempts = Number(response.header('x-sluice-attempts') ?? 1);
    const pieces = [];
    if (response.framing === 'length') {
      pieces.push(await this.#exactly(Number(response.header('content-length')), left()));
    } else {
      // Each piece has what is left of one deadline: a stream that trickles for ever is no better than a silent one.
      for (let piece = await this.connection.chunk(left()); piece !== undefined; piece = await this.connection.chunk(left()))
        pieces.push(piece);
    }
    response.body = Buffer.concat(pieces);
    response.isComplete = true;
    return response;
  }

  async #exactly(length, limitMs) {
    const bytes = await this.connection.queue.exactly(length, limitMs);
    if (bytes === undefined) throw new Error(`the gateway closed the connection within a body of ${length} bytes`);
    return Buffer.from(bytes);
  }

  // What is wrong with an answer, in one word; the rest goes with it.
  #reproach(error, outcome) {
    outcome.reason = `${error.code === 'ERR_ASSERTION' ? '' : `${error.name}: `}${error.message}`.slice(0, kLongestReasonCharacters);
    if (/in time/.test(error.message)) return 'hang';
    if (/closed the connection|ECONN|EPIPE/.test(error.message)) return 'cut';
    return 'wrong';
  }

  #leave(outcome, how) {
    outcome.hasLeft = true;
    if (how === 'reset') this.connection.reset();
    else this.connection.close();
  }

  #hangUp() {
    this.connection?.close();
    this.connection = undefined;
  }
}
