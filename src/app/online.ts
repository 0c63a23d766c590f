import { once } from 'node:events';
import type { GatewayConfig, IdpConfig } from '../config/index.js';
import { ScimClient, type TenantSettings } from '../provisioning/index.js';
import { GatewayError } from '../shared/index.js';
import { connectRedis, createEmbeddedStore, createRedisStore } from '../state/index.js';
import type { ApplicationServices } from './services.js';
import { idpMetadataSource } from './idp-metadata.js';

/** What one party outside of the configuration said. */
export interface OnlineResult {
  readonly name: string;
  readonly result: 'pass' | 'fail';
  readonly detail: string;
}

/** How long a Redis may take to be connected to. Milliseconds. */
const CONNECT_WITHIN = 3_000;

/** A clock that is off by more makes logins fail. Milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/** Asks the store, the metadata of every IdP, the SCIM key of every tenant, and by its answer the clock. */
export async function askOnline(config: GatewayConfig, services: ApplicationServices): Promise<OnlineResult[]> {
  const idps = config.idps.filter(({ enabled }) => enabled);
  const tenants = new Map(idps.map(({ provisioning }) => [provisioning.tenant, provisioning]));
  const asked = await Promise.all([
    askStore(config, services),
    ...idps.map((idp) => askMetadata(config, idp, services)),
    ...[...tenants.values()].map((tenant) => askScim(tenant, services)),
  ]);
  return asked.flat();
}

async function askStore({ store }: GatewayConfig, { clock }: ApplicationServices): Promise<OnlineResult[]> {
  const result = (failure: string | null): OnlineResult[] => [
    { name: 'store', result: failure === null ? 'pass' : 'fail', detail: failure ?? 'answers' },
  ];
  if (store.kind === 'embedded') {
    try {
      await createEmbeddedStore({ path: `${store.path}/state`, clock }).close();
      return result(null);
    } catch (error) {
      return result(reasonOf(error));
    }
  }
  const connection = connectRedis(store, 'commands');
  try {
    await once(connection, 'ready', { signal: AbortSignal.timeout(CONNECT_WITHIN) }).catch(() => undefined);
    await createRedisStore({ connection, clock }).ping();
    return result(null);
  } catch (error) {
    return result(reasonOf(error));
  } finally {
    connection.disconnect();
  }
}

async function askMetadata(
  config: GatewayConfig,
  idp: IdpConfig,
  services: ApplicationServices,
): Promise<OnlineResult[]> {
  const source = idpMetadataSource(config, idp, services);
  if (source === null) return [];
  const { state, entityId, lastError } = await source.refresh();
  await source.stop();
  const name = `metadata of ${idp.name}`;
  if (lastError !== null) return [{ name, result: 'fail', detail: `${lastError.code}: ${lastError.detail}` }];
  return [{ name, result: state === 'none' ? 'fail' : 'pass', detail: entityId ?? state }];
}

async function askScim(
  { tenant, scim, mode }: TenantSettings,
  { fetch, version, clock }: ApplicationServices,
): Promise<OnlineResult[]> {
  if (mode === 'off' || scim === undefined) return [];
  const name = `SCIM key of ${tenant}`;
  const answer = await new ScimClient({ scim, fetch, version }).probe();
  if (answer.kind === 'silence') return [{ name, result: 'fail', detail: answer.detail }];
  const accepted = answer.status >= 200 && answer.status < 300;
  const key: OnlineResult = { name, result: accepted ? 'pass' : 'fail', detail: `status ${answer.status}` };
  const date = Date.parse(answer.header('date') ?? '');
  if (Number.isNaN(date)) return [key];
  const difference = clock.now() - date;
  const detail = `${(difference / 1000).toFixed(0)} s from the clock of ${new URL(scim.baseUrl).host}`;
  return [key, { name: 'clock', result: Math.abs(difference) <= CLOCK_TOLERANCE ? 'pass' : 'fail', detail }];
}

function reasonOf(error: unknown): string {
  return error instanceof GatewayError ? `${error.code}: ${error.message}` : String(error);
}
