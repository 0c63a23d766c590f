import type { GatewayConfig } from '../config/index.js';
import type { AuditEvent } from '../observe/index.js';

type SigningKeys = GatewayConfig['signing']['keys'];

const DECISIONS = { next: 'publish', active: 'promote', retired: 'retire' } as const;

/** What became of our signing keys between two configurations, for the audit log. */
export function keyEvents(before: SigningKeys, now: SigningKeys): AuditEvent[] {
  const were = new Map(before.map(({ id, state }) => [id, state]));
  const are = new Set(now.map(({ id }) => id));
  const changed = now
    .filter(({ id, state }) => (were.get(id) ?? 'retired') !== state)
    .map(({ id, state, forcedBecause }): AuditEvent => {
      const forced = state === 'active' && forcedBecause !== undefined;
      return {
        event: 'key',
        decision: DECISIONS[state],
        signingKey: id,
        ...(forced ? { detail: `before 48 hours: ${forcedBecause}` } : {}),
      };
    });
  const gone = before.filter(({ id, state }) => state !== 'retired' && !are.has(id));
  return [...changed, ...gone.map(({ id }): AuditEvent => ({ event: 'key', decision: 'remove', signingKey: id }))];
}
