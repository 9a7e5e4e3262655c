// Two gateways that share one Redis server, and an upstream behind both of them.
import { after } from 'node:test';
import { FakeUpstream } from './fake_upstream.mjs';
import { Gateway } from './gateway.mjs';
import { RedisServer } from './redis_server.mjs';

export const kStoreTimeoutMs = 300;

// `middleware` as in configuration.mjs; the namespaces "auth" and "ratelimit" are in Redis.
export async function twoGateways({ middleware, env }) {
  const redis = await RedisServer.start();
  const upstream = await FakeUpstream.start();
  const settings = {
    server: { trusted_proxies: '["127.0.0.1"]' },
    middleware,
    store: {
      redis: { host: '127.0.0.1', port: redis.port, timeout_ms: kStoreTimeoutMs },
      namespaces: { auth: 'redis', ratelimit: 'redis' },
    },
  };
  const start = () => Gateway.start({ upstream, settings, env });
  const gateways = [await start(), await start()];
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await upstream.stop();
    await redis.stop();
  });
  return { redis, upstream, gateways, start };
}
