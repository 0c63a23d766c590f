import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/shared/index.js';
import { createEmbeddedStore, loadRedis, withLocalFallback, type StateStore } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';

const { connectRedis, createRedisStore } = await loadRedis();

interface Fixture {
  readonly redis: RunningRedis;
  readonly store: StateStore;
  readonly local: StateStore;
  readonly fallbacks: string[];
  readonly isUp: () => Promise<void>;
}

async function open(t: Test): Promise<Fixture> {
  const redis = await startRedis(t);
  return { redis, ...(await opened(t, redis.port)) };
}

async function opened(t: Test, port: number): Promise<Omit<Fixture, 'redis'>> {
  const path = await temporaryDirectory(t);
  const address = { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 } as const;
  // None of these outages is a hang, and a machine that is busy must not look like one.
  const connection = connectRedis(address, 'commands', { commandTimeout: 5_000 });
  t.teardown(() => {
    connection.disconnect();
  });
  const primary = createRedisStore({ connection, clock: systemClock });
  const fallbacks: string[] = [];
  const local = createEmbeddedStore({ path, clock: systemClock });
  const store = withLocalFallback(primary, local, {
    onFallback: (operation) => fallbacks.push(operation),
  });
  t.teardown(() => store.close());
  const isUp = async (): Promise<void> => {
    while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await isUp();
  return { store, local, fallbacks, isUp };
}

interface Wire {
  readonly port: number;
  /** From now on nothing arrives at the server. */
  swallow(): void;
  /** Until something was swallowed. */
  swallowed(): Promise<void>;
  /** Ends every connection, and lets new ones through. */
  break(): Promise<void>;
}

/** A way to the server that can lose what is sent on it. */
async function wireTo(t: Test, port: number): Promise<Wire> {
  const events = new EventEmitter();
  const sockets = new Set<Socket>();
  let swallowing = false;
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    sockets.add(client);
    client.on('data', (data) => {
      if (swallowing) events.emit('swallowed');
      else redis.write(data);
    });
    redis.on('data', (data) => client.write(data));
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destroy = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  t.teardown(() => {
    destroy();
    server.close();
  });
  let swallowed: Promise<unknown> = Promise.resolve();
  return {
    port: (server.address() as AddressInfo).port,
    swallow: () => {
      swallowing = true;
      swallowed = once(events, 'swallowed');
    },
    swallowed: async () => {
      await swallowed;
    },
    break: async () => {
      swallowing = false;
      const closed = [...sockets].map((socket) => once(socket, 'close'));
      destroy();
      await Promise.all(closed);
      // The gateway's end hears of it a moment later.
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

const soon = (): number => Date.now() + 60_000;

t.test('while the shared store answers, nothing falls back', async (t) => {
  const { store, fallbacks } = await open(t);
  t.equal(await store.claimOnce('a', soon()), true);
  t.equal(await store.claimOnce('a', soon()), false);
  await store.putRequest('r', 'sealed', soon());
  t.equal(await store.takeRequest('r'), 'sealed');
  t.strictSame(fallbacks, []);
});

t.test('during an outage claims are decided here, each fallback is reported, and the ping tells of it', async (t) => {
  const { redis, store, fallbacks } = await open(t);
  await redis.kill();
  t.equal(await store.claimOnce('a', soon()), true);
  t.equal(await store.claimOnce('a', soon()), false);
  await store.putRequest('r', 'sealed', soon());
  t.equal(await store.findRequest('r'), 'sealed');
  t.equal(await store.takeRequest('r'), 'sealed');
  t.equal(await store.takeRequest('r'), null);
  t.strictSame(fallbacks, ['claimOnce', 'putRequest', 'findRequest', 'takeRequest', 'takeRequest']);
  await t.rejects(store.ping(), { code: 'STORE_UNAVAILABLE' });
  await t.resolves(store.ready(), 'claims can be made all the same');
});

t.test('a response used before the outage cannot be used during it', async (t) => {
  const { redis, store } = await open(t);
  t.equal(await store.claimOnce('a', soon()), true);
  await redis.kill();
  t.equal(await store.claimOnce('a', soon()), false);
});

t.test('a response used during the outage cannot be used after it', async (t) => {
  const { redis, store, isUp } = await open(t);
  await redis.kill();
  t.equal(await store.claimOnce('a', soon()), true);
  await redis.restart();
  await isUp();
  t.equal(await store.claimOnce('a', soon()), false);
});

t.test('a request put during the outage is found after it, and one put before it is found after it', async (t) => {
  const { redis, store, isUp } = await open(t);
  await redis.kill();
  await store.putRequest('during', 'sealed', soon());
  await redis.restart();
  await isUp();
  await store.putRequest('after', 'sealed', soon());
  t.equal(await store.takeRequest('during'), 'sealed');
  t.equal(await store.takeRequest('after'), 'sealed');
});

t.test('of two copies one is accepted, though the connection breaks while the first is under way', async (t) => {
  const redis = await startRedis(t);
  const wire = await wireTo(t, redis.port);
  const { store } = await opened(t, wire.port);
  wire.swallow();
  const first = store.claimOnce('a', soon());
  await wire.swallowed();
  const second = wire.break().then(() => store.claimOnce('a', soon()));
  t.strictSame((await Promise.all([first, second])).filter(Boolean), [true]);
});

t.test('a disk that takes no claim is passed over while the shared store answers', async (t) => {
  const { store, local } = await open(t);
  await local.close();
  t.equal(await store.claimOnce('a', soon()), true);
  t.equal(await store.claimOnce('a', soon()), false);
});

t.test('with neither of the two, it is not ready', async (t) => {
  const { redis, store, local } = await open(t);
  await t.resolves(store.ready());
  await redis.kill();
  await local.close();
  await t.rejects(store.ready(), { code: 'STORE_UNAVAILABLE' });
});
