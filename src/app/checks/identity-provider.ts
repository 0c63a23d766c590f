import type { IdpConfig } from '../../config/index.js';
import { expiryOf } from '../../keys/index.js';
import type { CheckResult, HealthCheck, Metrics } from '../../observe/index.js';
import { errorTable, type Clock } from '../../shared/index.js';
import type { Generation } from '../generation.js';
import { isFit, metadataCheck } from '../metadata/index.js';
import { hasOwnCertificates } from '../policy/identity-provider.js';

export interface IdpCheckContext {
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'clockDifferenceOf'>;
  /** The generation in force when a check runs. */
  readonly current: () => Generation;
}

/**
 * The checks of every IdP that `generation` takes logins of. They look at the generation in force, so that they stay
 * the same over a reload.
 */
export function idpChecks(generation: Generation, context: IdpCheckContext): HealthCheck[] {
  return generation.idps.flatMap((idp) => [
    ...(generation.metadataOf(idp.name) === undefined ? [] : [liveMetadataCheck(idp, context)]),
    // Where a login may begin at the IdP, some succeed all the same.
    ...(idp.unsolicited === 'allow' ? [] : [ssoCheck(idp.name, context)]),
    { name: `idp-${idp.name}-certificate`, readiness: true, run: () => certificateResult(idp.name, context) },
    { name: `idp-${idp.name}-clock`, readiness: false, run: () => clockResult(idp.name, context) },
  ]);
}

/** Responses hang on the metadata unless the IdP's file gives certificates of its own. */
function liveMetadataCheck(idp: IdpConfig, { current }: IdpCheckContext): HealthCheck {
  const readiness = !hasOwnCertificates(idp);
  return {
    name: `idp-${idp.name}-metadata`,
    readiness,
    run: () => {
      const live = current().metadataOf(idp.name);
      return live === undefined ? gone(idp.name) : metadataCheck(live, readiness).run();
    },
  };
}

function ssoCheck(name: string, { current }: IdpCheckContext): HealthCheck {
  return {
    name: `idp-${name}-sso`,
    readiness: true,
    run: () => {
      const route = current().runtime.routes.get(name);
      if (route === undefined) return gone(name);
      const { redirect, post } = route.idp.sso;
      if (redirect !== undefined || post !== undefined) return { state: 'pass', detail: 'Requests have an address.' };
      const detail = `Nothing says where to send a request to ${name}, and each login of it begins with one.`;
      return { state: 'fail', detail, remedy: errorTable.LOGIN_NO_SSO_ENDPOINT.remedy };
    },
  };
}

/** Between two generations a check may still run for an IdP that is no more. */
function gone(name: string): CheckResult {
  return { state: 'pass', detail: `${name} is not among the identity providers any more.` };
}

function certificateResult(name: string, { current, clock }: IdpCheckContext): CheckResult {
  const generation = current();
  const idp = generation.idps.find((each) => each.name === name);
  if (idp === undefined) return gone(name);
  const keys = generation.runtime.routes.get(name)?.idp.signingKeys ?? [];
  if (keys.length === 0) {
    return {
      state: 'fail',
      detail: `There is no certificate that could verify a response of ${name}.`,
      remedy: 'Get its metadata, or name its certificate under `certificates` in its file.',
    };
  }
  const { allowRsa1024 } = idp.signature;
  const refuseExpiredCertificates = idp.signature.expiredCertificates === 'refuse';
  const long = keys.filter((key) => isFit(key, { allowRsa1024, refuseExpiredCertificates: false }, clock.now()));
  if (long.length === 0) {
    return {
      state: 'fail',
      detail: `Every signing certificate of ${name} has a key that is too short, so no signature of it is accepted.`,
      remedy: 'Have it sign with an RSA key of 2048 bits, or allow 1024 in its file while it changes.',
    };
  }
  const last = Math.max(...long.map(({ notAfter }) => notAfter ?? Infinity));
  if (!Number.isFinite(last)) return { state: 'pass', detail: 'Its signing certificate has no end.' };
  const { days, level } = expiryOf(last, clock.now());
  const data = { notAfter: new Date(last).toISOString(), days };
  const remedy = 'Ask the administrator of the identity provider for its next certificate.';
  if (level === 'expired') {
    const state = refuseExpiredCertificates ? 'fail' : 'warn';
    return { state, detail: 'Its last signing certificate has expired.', remedy, data };
  }
  if (!long.some((key) => isFit(key, { allowRsa1024, refuseExpiredCertificates }, clock.now()))) {
    const detail = 'None of its signing certificates is valid now; the next one is not valid yet.';
    return { state: 'fail', detail, remedy: `Look at the clock of this machine. ${remedy}`, data };
  }
  const detail = `Its last signing certificate is valid for ${days} more days.`;
  return level === 'fine' ? { state: 'pass', detail, data } : { state: 'warn', detail, remedy, data };
}

/** Beyond this something is wrong with one of the clocks; a response is on its way for seconds. Milliseconds. */
const CLOCKS_AGREE = 60_000;

function clockResult(name: string, { metrics }: IdpCheckContext): CheckResult {
  const difference = metrics.clockDifferenceOf(name);
  if (difference === null) return { state: 'pass', detail: 'No response yet that would tell.' };
  const seconds = Math.round(difference / 1000);
  const data = { differenceSeconds: seconds };
  const words = `Its clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours, by its last response.`;
  if (Math.abs(difference) <= CLOCKS_AGREE) return { state: 'pass', detail: words, data };
  return {
    state: 'warn',
    detail: words,
    remedy: 'Set this clock right (NTP), else have the identity provider do so. Beyond `clockSkew` logins are refused.',
    data,
  };
}
