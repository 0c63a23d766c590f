import type { RecordStore } from '../queue.js';
import type { Ask, Connection } from './ask.js';
import { tenantPrefix } from './keys.js';

export class RedisRecords implements RecordStore {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #ask: Ask;

  constructor(connection: Connection, prefix: string, ask: Ask) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#ask = ask;
  }

  get(tenant: string, keys: readonly string[]): Promise<(string | null)[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return this.#ask(() => this.#connection.mget(keys.map((key) => this.#record(tenant, key))));
  }

  async set(tenant: string, key: string, value: string, lifetime: number | null): Promise<void> {
    const name = this.#record(tenant, key);
    await this.#ask(() =>
      lifetime === null
        ? this.#connection.set(name, value)
        : this.#connection.set(name, value, 'PX', Math.ceil(lifetime)),
    );
  }

  claim(tenant: string, key: string, value: string, lifetime: number | null): Promise<boolean> {
    const name = this.#record(tenant, key);
    return this.#ask(async () => {
      const reply =
        lifetime === null
          ? await this.#connection.set(name, value, 'NX')
          : await this.#connection.set(name, value, 'PX', Math.ceil(lifetime), 'NX');
      return reply === 'OK';
    });
  }

  remove(tenant: string, key: string): Promise<boolean> {
    return this.#ask(async () => (await this.#connection.del(this.#record(tenant, key))) > 0);
  }

  async listPut(tenant: string, list: string, id: string, value: string): Promise<void> {
    await this.#ask(() => this.#connection.hset(this.#list(tenant, list), id, value));
  }

  listRemove(tenant: string, list: string, id: string): Promise<boolean> {
    return this.#ask(async () => (await this.#connection.hdel(this.#list(tenant, list), id)) > 0);
  }

  listEntries(tenant: string, list: string, limit: number): Promise<{ readonly id: string; readonly value: string }[]> {
    return this.#ask(async () => {
      // HSCAN may give an entry twice, hence the map.
      const entries = new Map<string, string>();
      let cursor = '0';
      do {
        const [next, flat] = await this.#connection.hscan(this.#list(tenant, list), cursor, 'COUNT', 100);
        for (let at = 0; at + 1 < flat.length; at += 2) entries.set(flat[at] ?? '', flat[at + 1] ?? '');
        cursor = next;
      } while (cursor !== '0' && entries.size < limit);
      return [...entries].slice(0, limit).map(([id, value]) => ({ id, value }));
    });
  }

  listCount(tenant: string, list: string): Promise<number> {
    return this.#ask(() => this.#connection.hlen(this.#list(tenant, list)));
  }

  #record(tenant: string, key: string): string {
    return `${tenantPrefix(this.#prefix, tenant)}:record:${key}`;
  }

  #list(tenant: string, list: string): string {
    return `${tenantPrefix(this.#prefix, tenant)}:list:${list}`;
  }
}
