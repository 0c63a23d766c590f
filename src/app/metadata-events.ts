import type { AuditEvent } from '../observe/index.js';
import type { MetadataStatus } from './metadata/index.js';

type Certificates = Pick<MetadataStatus, 'name' | 'usable' | 'candidates'>;

/**
 * What became of an identity provider's certificates, for the audit log: `hold` (one waits for approval), `approve` (it
 * was let in), `accept` (the metadata alone let it in), `remove`.
 *
 * @param before what was told last; undefined where nothing was
 */
export function certificateEvents(before: Certificates | undefined, now: Certificates): AuditEvent[] {
  const waiting = ({ candidates }: Certificates) => candidates.map(({ fingerprint }) => fingerprint);
  const [wereUsable, wereWaiting] = before === undefined ? [now.usable, []] : [before.usable, waiting(before)];
  const told = (decision: string) => (certificate: string) => {
    return { event: 'metadata', idp: now.name, decision, certificate } as const;
  };
  return [
    ...waiting(now)
      .filter((each) => !wereWaiting.includes(each))
      .map(told('hold')),
    ...now.usable
      .filter((each) => !wereUsable.includes(each))
      .map((each) => told(wereWaiting.includes(each) ? 'approve' : 'accept')(each)),
    ...wereUsable.filter((each) => !now.usable.includes(each)).map(told('remove')),
  ];
}
