import type { IdpConfig } from '../config/index.js';
import { expiryOf, type RingKey } from '../keys/index.js';
import type { CheckResult, HealthCheck } from '../observe/index.js';
import type { ProvisioningStatus } from '../provisioning/index.js';
import type { Clock } from '../shared/index.js';
import type { StateStore } from '../state/index.js';
import type { Generation } from './generation.js';
import { metadataCheck } from './metadata/index.js';
import { hasOwnCertificates } from './policy/identity-provider.js';

/** Whether claims can be made; where the local store may stand in, its outage is no reason to refuse logins. */
export function storeCheck(state: StateStore, current: () => Generation): HealthCheck {
  return {
    name: 'store',
    readiness: true,
    async run(): Promise<CheckResult> {
      const local = current().config.onStoreFailure === 'local';
      try {
        await state.ping();
        return { state: 'pass', detail: 'The store answers.' };
      } catch (error) {
        const detail = `The store does not answer: ${error instanceof Error ? error.message : 'no reason given'}`;
        if (!local) return { state: 'fail', detail, remedy: 'Bring it back; logins are refused until then.' };
        return { state: 'warn', detail, remedy: 'Bring it back; until then each machine rules out replays by itself.' };
      }
    },
  };
}

/** Whether the key that signs is within its certificate's validity, and how long it still is. */
export function signingKeyCheck(clock: Clock, current: () => Generation): HealthCheck {
  return {
    name: 'signing-key',
    readiness: true,
    run: () => keyResult(current().ring.active, clock.now()),
  };
}

const NEXT_KEY = 'Make the next key now: `claims-gateway keys generate`, then `keys promote` after 48 hours.';

function keyResult({ id, info }: RingKey, now: number): CheckResult {
  const { days, level } = expiryOf(info.notAfter, now);
  const data = { key: id, notAfter: new Date(info.notAfter).toISOString(), days };
  if (now < info.notBefore) {
    return {
      state: 'fail',
      detail: `The certificate of key ${id} is not valid yet.`,
      remedy: 'Check the clock.',
      data,
    };
  }
  if (level === 'expired')
    return { state: 'fail', detail: `The certificate of key ${id} has expired.`, remedy: NEXT_KEY, data };
  const detail = `Key ${id} signs; its certificate is valid for ${days} more days.`;
  return level === 'fine' ? { state: 'pass', detail, data } : { state: 'warn', detail, remedy: NEXT_KEY, data };
}

/** The checks of one IdP: its metadata, and the certificates that may verify. */
export function idpChecks(idp: IdpConfig, generation: Generation, clock: Clock): HealthCheck[] {
  const live = generation.metadataOf(idp.name);
  const metadata = live === undefined ? [] : [metadataCheck(live, !hasOwnCertificates(idp))];
  return [...metadata, certificateCheck(idp, generation, clock)];
}

function certificateCheck(idp: IdpConfig, generation: Generation, clock: Clock): HealthCheck {
  return {
    name: `idp-${idp.name}-certificate`,
    readiness: true,
    run: () => certificateResult(idp, generation, clock.now()),
  };
}

function certificateResult(idp: IdpConfig, generation: Generation, now: number): CheckResult {
  const keys = generation.runtime.routes.get(idp.name)?.idp.signingKeys ?? [];
  if (keys.length === 0) {
    return {
      state: 'fail',
      detail: `There is no certificate that could verify a response of ${idp.name}.`,
      remedy: 'Get its metadata, or name its certificate under `certificates` in its file.',
    };
  }
  const last = Math.max(...keys.map(({ notAfter }) => notAfter ?? Infinity));
  if (!Number.isFinite(last)) return { state: 'pass', detail: 'Its signing certificate has no end.' };
  const { days, level } = expiryOf(last, now);
  const data = { notAfter: new Date(last).toISOString(), days };
  const remedy = 'Ask the administrator of the identity provider for its next certificate.';
  if (level === 'expired') {
    const refused = idp.signature.expiredCertificates === 'refuse';
    return { state: refused ? 'fail' : 'warn', detail: 'Its last signing certificate has expired.', remedy, data };
  }
  const detail = `Its last signing certificate is valid for ${days} more days.`;
  return level === 'fine' ? { state: 'pass', detail, data } : { state: 'warn', detail, remedy, data };
}

/** What an IdP's file allows below the rules' standard: a warning for as long as it stands. */
export function concessionsCheck(current: () => Generation): HealthCheck {
  return {
    name: 'concessions',
    readiness: false,
    run: () => {
      const named = current().idps.flatMap(({ name, signature, encryption }) =>
        [
          signature.allowSha1 ? 'SHA-1 signatures' : '',
          signature.allowRsa1024 ? 'RSA keys of 1024 bits' : '',
          encryption.allowUnsignedCbc ? 'unsigned AES-CBC' : '',
        ]
          .filter((each) => each !== '')
          .map((each) => `${name}: ${each}`),
      );
      if (named.length === 0) return { state: 'pass', detail: 'Every identity provider is held to the full rules.' };
      return {
        state: 'warn',
        detail: `Allowed below the standard: ${named.join('; ')}.`,
        remedy:
          'Have the identity provider sign with RSA-SHA256 and 2048 bits, and take the permission out of its file.',
      };
    },
  };
}

/** Whether provisioning moves: paused tenants, dead letters, no worker. Logins do not hang on it. */
export function provisioningCheck(status: ProvisioningStatus, current: () => Generation): HealthCheck {
  return {
    name: 'provisioning',
    readiness: false,
    async run(): Promise<CheckResult> {
      const tenants = current().tenants.filter(({ mode }) => mode !== 'off');
      const found = await Promise.all(
        tenants.map(async ({ tenant }) => ({ tenant, ...(await status.tenant(tenant)) })),
      );
      const paused = found.filter(({ pause }) => pause !== null);
      const dead = found.reduce((sum, each) => sum + each.dead, 0);
      const idle = found.filter(({ workers, waiting }) => workers === 0 && waiting > 0);
      const data = { tenants: found.length, paused: paused.length, deadLetters: dead };
      if (paused.length > 0) {
        return {
          state: 'fail',
          detail: `Zivver refuses the API key of ${paused.map(({ tenant }) => tenant).join(', ')}.`,
          remedy:
            'Make a new key in Zivver (Organization Settings > Integrations > API keys) and put it in the token file.',
          data,
        };
      }
      if (idle.length > 0) {
        const remedy = 'Run `claims-gateway worker`, or `serve --with-worker`.';
        return { state: 'fail', detail: 'Jobs wait and no worker gives a sign of life.', remedy, data };
      }
      if (dead > 0) {
        const remedy = 'Look at `claims-gateway dead-letters list`: each names its own remedy.';
        return { state: 'warn', detail: `${dead} dead letters need a person.`, remedy, data };
      }
      return { state: 'pass', detail: 'Every job is done or under way.', data };
    },
  };
}
