import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GatewayConfig, IdpConfig } from '../config/index.js';
import { ScimClient, type TenantSettings } from '../provisioning/index.js';
import { errorTable, GatewayError } from '../shared/index.js';
import { createEmbeddedStore, loadRedis } from '../state/index.js';
import type { ApplicationServices } from './services.js';
import { idpMetadataSource } from './idp-metadata.js';
import { workingTenants } from './tenants.js';

/** What one party outside of the configuration said. */
export interface OnlineResult {
  readonly name: string;
  /** `skip`: there was nobody to ask. */
  readonly result: 'pass' | 'fail' | 'skip';
  readonly detail: string;
  /** What to do about a failure. */
  readonly remedy?: string;
}

/** How long a Redis may take to be connected to. Milliseconds. */
const CONNECT_WITHIN = 3_000;

/** A clock that is off by more makes logins fail. Milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/** Asks the store, the metadata of every IdP, the SCIM key of every tenant, and by its answer the clock. */
export async function askOnline(config: GatewayConfig, services: ApplicationServices): Promise<OnlineResult[]> {
  const idps = config.idps.filter(({ enabled }) => enabled);
  const [store, metadata, scim] = await Promise.all([
    askStore(config, services),
    Promise.all(idps.map((idp) => askMetadata(config, idp, services))),
    Promise.all(workingTenants(config.idps).map((tenant) => askScim(tenant, services))),
  ]);
  const clocks = scim.some((results) => results.some(({ name }) => name === 'clock')) ? [] : [NO_CLOCK];
  return [store, ...metadata.flat(), ...scim.flat(), ...clocks];
}

const NO_CLOCK: OnlineResult = {
  name: 'clock',
  result: 'skip',
  detail: 'no SCIM API answered with a time to compare it with',
};

/** Whether the store can be used now. */
export async function askStore({ store }: GatewayConfig, { clock }: ApplicationServices): Promise<OnlineResult> {
  const result = (failure: string | null): OnlineResult =>
    failure === null
      ? { name: 'store', result: 'pass', detail: 'answers' }
      : { name: 'store', result: 'fail', detail: failure, remedy: errorTable.STORE_UNAVAILABLE.remedy };
  if (store.kind === 'embedded') {
    const path = join(store.path, 'state');
    try {
      // What the first start makes belongs to the account of the gateway; whoever asks may be another.
      if (existsSync(path)) await createEmbeddedStore({ path, clock }).close();
      else assertCanBeMade(path);
      return result(null);
    } catch (error) {
      return result(reasonOf(error));
    }
  }
  const { connectRedis, createRedisStore } = await loadRedis();
  const connection = connectRedis(store, 'commands');
  // Before anything can fail, so that it knows why.
  const redis = createRedisStore({ connection, clock });
  try {
    await once(connection, 'ready', { signal: AbortSignal.timeout(CONNECT_WITHIN) }).catch(() => undefined);
    await redis.ping();
    return result(null);
  } catch (error) {
    return result(reasonOf(error));
  } finally {
    connection.disconnect();
  }
}

/** @throws Error where the nearest directory above is none, or may not be written to */
function assertCanBeMade(path: string): void {
  let above = dirname(path);
  while (!existsSync(above)) above = dirname(above);
  if (!statSync(above).isDirectory()) throw new Error(`${above} is no directory`);
  accessSync(above, constants.W_OK);
}

async function askMetadata(
  config: GatewayConfig,
  idp: IdpConfig,
  services: ApplicationServices,
): Promise<OnlineResult[]> {
  const source = idpMetadataSource(config, idp, { ...services, looks: true });
  if (source === null) return [];
  const { state, entityId, lastError } = await source.refresh();
  await source.stop();
  const name = `metadata of ${idp.name}`;
  if (lastError === null) return [{ name, result: 'pass', detail: entityId ?? state }];
  const { code, detail } = lastError;
  return [{ name, result: 'fail', detail: `${code}: ${detail}`, remedy: errorTable[code].remedy }];
}

const NO_WAY = 'Check the way from this machine to that host: DNS, firewall, proxy, certificate authorities.';
const NEW_KEY =
  'Put a valid API key into the file of `provisioning.scim.token` (Zivver: Organization Settings > Integrations > API keys).';
const NO_API = 'Compare `provisioning.scim.baseUrl` with the address of the SCIM API.';
const SET_CLOCK = 'Set the clock of this machine (NTP): assertions are judged by it.';

async function askScim(
  { tenant, scim }: TenantSettings,
  { fetch, version, clock }: ApplicationServices,
): Promise<OnlineResult[]> {
  if (scim === undefined) return [];
  const name = `SCIM key of ${tenant}`;
  const answer = await new ScimClient({ scim, fetch, version }).probe();
  const { host } = new URL(scim.baseUrl);
  if (answer.kind === 'silence') {
    return [{ name, result: 'fail', detail: `${host}: ${answer.detail}`, remedy: NO_WAY }];
  }
  const accepted = answer.status >= 200 && answer.status < 300;
  const told = { name, detail: `${host} answered with status ${answer.status}` };
  const refused = [401, 403].includes(answer.status) ? NEW_KEY : NO_API;
  const key: OnlineResult = accepted ? { ...told, result: 'pass' } : { ...told, result: 'fail', remedy: refused };
  const date = Date.parse(answer.header('date') ?? '');
  if (Number.isNaN(date)) return [key];
  const difference = clock.now() - date;
  const detail = `${(difference / 1000).toFixed(0)} s from the clock of ${host}`;
  if (Math.abs(difference) <= CLOCK_TOLERANCE) return [key, { name: 'clock', result: 'pass', detail }];
  return [key, { name: 'clock', result: 'fail', detail, remedy: SET_CLOCK }];
}

function reasonOf(error: unknown): string {
  return error instanceof GatewayError ? `${error.code}: ${error.message}` : String(error);
}
