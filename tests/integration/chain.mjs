// The chain of the shipped configuration as data, with other numbers: `stage({ settings: { middleware: chain({ … }) } })`.

// `address` is the limit before the key, `auth` the options of auth.so, `client` the list of limits behind it. What is
// left out is not in the chain. `limiter` are options of both instances of ratelimit.so besides their limits.
export function chain({ address, auth, client, limiter = {} }) {
  const middleware = [];
  if (address) middleware.push(ratelimit('address-limit', [{ per: 'address', ...address }], limiter));
  if (auth) middleware.push({ name: 'auth', plugin: 'auth.so', config: auth });
  if (client) middleware.push(ratelimit('client-limits', client, limiter));
  return middleware;
}

function ratelimit(name, limits, limiter) {
  return { name, plugin: 'ratelimit.so', config: { ...limiter, limits } };
}
