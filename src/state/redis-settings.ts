import { Cluster, type Redis } from 'ioredis';
import type { StoreConcern } from './store.js';

const NEARLY_FULL = 0.9;

/** Looks at every server that holds data. It asks with INFO alone, since CONFIG is often denied. */
export async function redisConcerns(connection: Redis | Cluster): Promise<StoreConcern[]> {
  const servers = connection instanceof Cluster ? connection.nodes('master') : [connection];
  const concerns = await Promise.all(servers.map(concernsOf));
  // The servers of a cluster mostly have the same settings; each concern is told once.
  return [...new Map(concerns.flat().map((concern) => [concern.detail, concern])).values()];
}

async function concernsOf(server: Redis): Promise<StoreConcern[]> {
  try {
    return judge(fieldsOf(`${await server.info('persistence')}\n${await server.info('memory')}`));
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOPERM'))) throw error;
    return [
      {
        detail: 'Redis denies INFO to this user, and the queue needs it to know the version.',
        remedy: 'Allow it: `ACL SETUSER NAME +info`. Jobs go to the spool of this machine until then.',
      },
    ];
  }
}

function judge(fields: ReadonlyMap<string, string>): StoreConcern[] {
  const policy = fields.get('maxmemory_policy');
  const most = Number(fields.get('maxmemory') ?? 0);
  const used = Number(fields.get('used_memory') ?? 0);
  const concerns: (StoreConcern | false)[] = [
    fields.get('aof_enabled') === '0' && {
      detail: 'Redis keeps no append-only file: what waits in it is gone when it ends.',
      remedy: 'Set `appendonly yes` in redis.conf, or now with `CONFIG SET appendonly yes` and `CONFIG REWRITE`.',
    },
    policy !== undefined &&
      policy !== 'noeviction' && {
        detail: `Redis may forget jobs and replay claims when it is full: maxmemory-policy is ${policy}.`,
        remedy: 'Set `maxmemory-policy noeviction`, and enough `maxmemory`; full, it then refuses instead.',
      },
    most > 0 &&
      used > most * NEARLY_FULL && {
        detail: `Redis is nearly full: ${Math.floor((100 * used) / most)} % of its maxmemory are used.`,
        remedy: 'Raise `maxmemory`, or let the queue drain: docs/scaling.md says what a waiting job takes.',
      },
  ];
  return concerns.filter((concern) => concern !== false);
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const pairs = [...info.matchAll(/^(\w+):(.*?)\r?$/gm)];
  return new Map(pairs.map(([, name = '', value = '']) => [name, value]));
}
