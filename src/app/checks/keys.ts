import { expiryOf, parseCertificates, type CertificateInfo, type RingKey } from '../../keys/index.js';
import type { CheckResult, Expiry, HealthCheck } from '../../observe/index.js';
import type { Clock } from '../../shared/index.js';
import type { Generation } from '../generation.js';

/** Whether the key that signs is within its certificate's validity, and how long it still is. */
export function signingKeyCheck(clock: Clock, current: () => Generation): HealthCheck {
  return {
    name: 'signing-key',
    readiness: true,
    run: () => keyResult(current().ring.active, clock.now()),
  };
}

const NEXT_KEY =
  'Make the next key now: `claims-gateway keys generate ID --add`, then `keys promote ID` after 48 hours.';

function keyResult({ id, info }: RingKey, now: number): CheckResult {
  const { days, level } = expiryOf(info.notAfter, now);
  const data = { key: id, notAfter: new Date(info.notAfter).toISOString(), days };
  if (now < info.notBefore) {
    const detail = `The certificate of key ${id} is not valid yet.`;
    return { state: 'fail', detail, remedy: 'Check the clock of this machine, or promote another key.', data };
  }
  if (level === 'expired') {
    const detail = `The certificate of key ${id} has expired.`;
    return { state: 'fail', detail, remedy: NEXT_KEY, data };
  }
  const detail = `Key ${id} signs; its certificate is valid for ${days} more days.`;
  return level === 'fine' ? { state: 'pass', detail, data } : { state: 'warn', detail, remedy: NEXT_KEY, data };
}

/** When a certificate other than the active key's ends, and in words what it is. */
interface Ending extends Expiry {
  readonly what: string;
}

/**
 * The certificates that no other check looks at: next signing keys, decryption keys, TLS, the service provider's. No
 * login hangs on them at once, or our own side cannot tell whether it does.
 */
export function certificatesCheck(clock: Clock, current: () => Generation): HealthCheck {
  return {
    name: 'certificates',
    readiness: false,
    run: () => certificatesResult(otherCertificates(current()), clock.now()),
  };
}

function certificatesResult(endings: readonly Ending[], now: number): CheckResult {
  const near = endings
    .map((ending) => ({ ...ending, ...expiryOf(ending.expiresAt, now) }))
    .filter(({ level }) => level !== 'fine');
  const data = Object.fromEntries(
    endings.map(({ kind, owner, expiresAt }) => [`${kind} ${owner}`, new Date(expiresAt).toISOString()]),
  );
  if (near.length === 0) return { state: 'pass', detail: 'No other certificate ends within 60 days.', data };
  const words = near.map(({ what, days, level }) =>
    level === 'expired' ? `${what} has expired` : `${what} ends in ${days} days`,
  );
  return {
    state: near.some(({ level }) => level === 'expired') ? 'fail' : 'warn',
    detail: `${words.join('; ')}.`,
    remedy:
      'Renew it, and put the new one in its place: it is taken up by itself. One of the other side comes from there.',
    data,
  };
}

/** Ends of the certificates that `certificatesCheck` looks at. */
export function otherCertificates(generation: Generation): readonly Ending[] {
  const { ring, tls, idps } = generation;
  const ending = (kind: Expiry['kind'], owner: string, { notAfter }: CertificateInfo, what: string): Ending => {
    return { kind, owner, expiresAt: notAfter, what };
  };
  return [
    ...ring.published.slice(1).map(({ id, info }) => ending('signing', id, info, `The certificate of next key ${id}`)),
    ...ring.decryption.map(({ id, info }) => ending('decryption', id, info, `The certificate of decryption key ${id}`)),
    ...(tls === null ? [] : [ending('tls', 'listen', tls.info, 'The TLS certificate of the public listener')]),
    ...idps.flatMap(({ name, serviceProvider: { certificates, encryption } }) => {
      const sources = [...certificates, ...(encryption === undefined ? [] : [encryption.certificate])];
      const infos = sources.flatMap(({ pem, origin }) => [...parseCertificates(pem, origin)]);
      const [first] = infos.toSorted((a, b) => a.notAfter - b.notAfter);
      const what = `A certificate of the service provider of ${name}`;
      return first === undefined ? [] : [ending('service_provider', name, first, what)];
    }),
  ];
}
