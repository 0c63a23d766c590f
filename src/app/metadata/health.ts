import type { CheckResult, HealthCheck } from '../../observe/index.js';
import { errorTable } from '../../shared/index.js';
import type { LiveMetadata } from './source.js';
import type { MetadataFacts } from './certificate-policy.js';

const APPROVE =
  'Compare the fingerprint with the identity provider, then `claims-gateway idp approve NAME FINGERPRINT`.';

/**
 * Whether the metadata of an IdP can be used.
 *
 * @param readiness false where the IdP's file gives certificates of its own, so that logins succeed without metadata
 */
export function metadataCheck<M extends MetadataFacts>(live: LiveMetadata<M>, readiness: boolean): HealthCheck {
  return { name: `idp-${live.status().name}-metadata`, readiness, run: () => resultOf(live) };
}

function resultOf<M extends MetadataFacts>(live: LiveMetadata<M>): CheckResult {
  const { state, entityId, fetchedAt, validUntil, candidates, lastError } = live.status();
  const data = {
    entityId,
    fetchedAt,
    validUntil,
    candidates: candidates.map(({ fingerprint, subject, notAfter }) => ({ fingerprint, subject, notAfter })),
    lastError: lastError?.code ?? null,
  };
  const why = lastError === null ? '' : ` ${lastError.code}: ${lastError.detail}`;
  const remedy = lastError === null ? '' : errorTable[lastError.code].remedy;
  if (state === 'none') return { state: 'fail', detail: `There is no metadata.${why}`, remedy, data };
  if (state === 'lapsed') return { state: 'fail', detail: `The metadata has expired.${why}`, remedy, data };
  if (candidates.length > 0) {
    const detail = `${candidates.length} signing certificates wait for approval.${why}`;
    return { state: 'warn', detail, remedy: APPROVE, data };
  }
  if (lastError !== null) return { state: 'warn', detail: `The last refresh failed.${why}`, remedy, data };
  if (state === 'stale') {
    return { state: 'warn', detail: 'A refresh is overdue.', remedy: 'See whether the process is overloaded.', data };
  }
  return { state: 'pass', detail: 'The metadata is current.', data };
}
