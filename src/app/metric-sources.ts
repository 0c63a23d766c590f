import type { QueueHealth } from '../console/index.js';
import type { Expiry, MetricSources, QueueGauges } from '../observe/index.js';
import type { Application } from './application.js';
import { otherCertificates } from './checks/keys.js';
import type { Generation } from './generation.js';
import { tenantStatuses } from './tenants.js';

/** What the metrics ask at each scrape. */
export function metricSources(application: Application): MetricSources {
  return {
    queue: () => queueGauges(application),
    spool: () => application.provisioner.spoolDepth(),
    expiries: () => expiries(application.generation),
    metadata: () =>
      application.generation.idps.flatMap(({ name, metadata }) => {
        // What lies on this machine is never fetched again, so its age says nothing.
        if (metadata?.kind !== 'url') return [];
        const confirmedAt = application.generation.metadataOf(name)?.status().fetchedAt;
        return confirmedAt === undefined || confirmedAt === null ? [] : [{ idp: name, confirmedAt }];
      }),
  };
}

/** All tenants together. @throws GatewayError STORE_UNAVAILABLE */
export async function queueHealth({ generation, status }: Application): Promise<QueueHealth> {
  const { working, resting } = await tenantStatuses(generation.config.idps, status);
  const found = [...working, ...resting];
  const sum = (of: (each: (typeof found)[number]) => number) => found.reduce((total, each) => total + of(each), 0);
  const waiting = found.filter(({ oldestSince }) => oldestSince !== null);
  const beats = working.flatMap(({ lastBeat }) => lastBeat ?? []);
  return {
    waiting: sum((each) => each.waiting),
    delayed: sum((each) => each.delayed),
    active: sum((each) => each.active),
    dead: sum((each) => each.dead),
    pausedTenants: working.filter(({ pause }) => pause !== null).map(({ tenant }) => tenant),
    oldestAge: waiting.length === 0 ? null : Math.max(...waiting.map(({ oldestAge }) => oldestAge)),
    lastHeartbeat: beats.length === 0 ? null : Math.max(...beats),
  };
}

async function queueGauges(application: Application): Promise<QueueGauges> {
  const { pausedTenants, ...rest } = await queueHealth(application);
  return { ...rest, pausedTenants: pausedTenants.length };
}

function expiries(generation: Generation): Expiry[] {
  const { ring, idps, runtime } = generation;
  const { id, info } = ring.active;
  return [
    { kind: 'signing', owner: id, expiresAt: info.notAfter },
    ...otherCertificates(generation),
    ...idps.flatMap(({ name }): Expiry[] => {
      const ends = runtime.routes.get(name)?.idp.signingKeys.flatMap(({ notAfter }) => notAfter ?? []) ?? [];
      const validUntil = generation.metadataOf(name)?.status().validUntil ?? null;
      return [
        ...(ends.length === 0 ? [] : [{ kind: 'idp_certificate', owner: name, expiresAt: Math.max(...ends) } as const]),
        ...(validUntil === null ? [] : [{ kind: 'idp_metadata', owner: name, expiresAt: validUntil } as const]),
      ];
    }),
  ];
}
