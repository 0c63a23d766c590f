import type { MetadataSource } from '../../config/index.js';
import { GatewayError } from '../../shared/index.js';
import { LastGoodStore, type CertificateCandidate } from './last-good.js';
import { originOf } from './origin.js';

interface Place {
  readonly dataDirectory: string;
  /** Name of the IdP. */
  readonly name: string;
  readonly source: MetadataSource;
}

/**
 * The certificates of an IdP that wait for an operator, as the running gateway last saw them.
 *
 * @throws GatewayError FILE_UNREADABLE
 */
export async function listCandidates({ dataDirectory, name, source }: Place): Promise<readonly CertificateCandidate[]> {
  const store = new LastGoodStore(dataDirectory, name);
  const [kept, approved] = await Promise.all([store.load(), store.approved()]);
  if (kept.kind === 'corrupt')
    throw new GatewayError('FILE_UNREADABLE', `cannot read ${store.record}, or it is damaged`);
  if (source.kind !== 'url' || kept.kind !== 'record' || kept.record.source !== originOf(source)) return [];
  return kept.record.candidates.filter(({ fingerprint }) => !approved.has(fingerprint));
}

/**
 * Writes an operator's approval to disk; running gateways find it there within seconds. Works from any process of
 * the machine.
 *
 * @param place.fingerprint SHA-256 of the certificate, hex, in upper or lower case, with or without colons; never a
 *   part of it, since a part could be met by a certificate that an attacker made to meet it
 * @throws GatewayError METADATA_CANDIDATE_UNKNOWN, METADATA_NOT_KEPT, FILE_UNREADABLE
 */
export async function approveCertificate(
  place: Place & { readonly fingerprint: string },
): Promise<CertificateCandidate> {
  const wanted = place.fingerprint.replace(/[:\s]/g, '').toLowerCase();
  const candidates = await listCandidates(place);
  const candidate = candidates.find(({ fingerprint }) => fingerprint === wanted);
  if (candidate === undefined) {
    const waiting = candidates.map(({ fingerprint }) => fingerprint).join(', ') || 'none';
    throw new GatewayError('METADATA_CANDIDATE_UNKNOWN', `Waiting for approval at ${place.name}: ${waiting}.`);
  }
  await new LastGoodStore(place.dataDirectory, place.name).approve(wanted);
  return candidate;
}
