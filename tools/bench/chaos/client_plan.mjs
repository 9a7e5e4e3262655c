// What one request of one client is like: a function of the seed, the client and the number of the request.
import { Choices } from './choices.mjs';

const kLeaving = 0.08;
const kStreams = 0.5;
const kPieces = [1, 30];
// A few answers are long enough to be more than buffers and windows hold.
const kLong = 0.02;
const kLongPieces = [200, 1000];

// `routes` as the driver describes them: {model, limit_ms, gap_ms}.
export function planOf(seed, phase, client, number, routes) {
  const id = `${phase}-${client}-${number}`;
  const choices = new Choices(seed, id, 'client');
  const route = choices.oneOf(routes);
  const isLong = choices.chance(kLong);
  const plan = {
    id,
    route,
    isStream: choices.chance(kStreams),
    wantsUsage: choices.chance(0.5),
    pieces: choices.between(...(isLong ? kLongPieces : kPieces)),
    gapMs: isLong ? 0 : choices.oneOf([0, 0, 2, 20]),
    pauseMs: choices.between(50, 450),
    leave: choices.chance(kLeaving) ? leaving(choices) : undefined,
  };
  return { ...plan, deadlineMs: deadlineOf(plan) };
}

// Most answers are short: half of those that leave do so early. A reset takes with it what the gateway has not read yet,
// so that it may never know of the request.
function leaving(choices) {
  const afterMs = choices.chance(0.5) ? choices.between(0, 30) : choices.between(30, 800);
  return { how: choices.oneOf(['close', 'reset']), afterMs };
}

// Until the first byte what the route may take; then at most the whole stream and one silence.
function deadlineOf({ route, isStream, pieces, gapMs }) {
  const kSlackMs = 2000;
  return route.limit_ms + (isStream ? (pieces + 4) * (gapMs + 5) + route.gap_ms : 0) + kSlackMs;
}

export function requestOf({ route, isStream, wantsUsage }, order) {
  return {
    model: route.model,
    messages: [{ role: 'user', content: order }],
    ...(isStream ? { stream: true } : {}),
    ...(isStream && wantsUsage ? { stream_options: { include_usage: true } } : {}),
  };
}
