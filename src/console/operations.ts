import type { FastifyInstance } from 'fastify';
import {
  withinTime,
  type CheckReport,
  type HealthRegistry,
  type HealthReport,
  type Metrics,
} from '../observe/index.js';
import type { Clock } from '../shared/index.js';
import { addSecurityHeaders, requireToken } from './access.js';

/** What `/healthz` says of one identity provider. Times are ms since 1970; null where not known. */
export interface IdentityProviderHealth {
  readonly name: string;
  readonly enabled: boolean;
  readonly entityId: string;
  readonly certificates: readonly {
    readonly fingerprint: string;
    readonly subject: string | null;
    readonly notBefore: number | null;
    readonly notAfter: number | null;
  }[];
  readonly metadata: {
    readonly source: 'url' | 'file' | 'inline' | 'none';
    readonly confirmedAt: number | null;
    readonly validUntil: number | null;
  };
  /** The IdP's clock minus ours at its last verified response, ms; null before the first. */
  readonly clockDifference: number | null;
}

/** What `/healthz` says of provisioning. */
export interface QueueHealth {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
  readonly pausedTenants: readonly string[];
  /** Milliseconds. */
  readonly oldestAge: number | null;
  /** Milliseconds since 1970. */
  readonly lastHeartbeat: number | null;
}

export interface OperationsDeps {
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Asked for on every path when present. */
  readonly token?: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly configurationFingerprint: () => string;
  readonly identityProviders: () => readonly IdentityProviderHealth[];
  /** Absent where nothing is provisioned. */
  readonly queue?: () => QueueHealth | Promise<QueueHealth>;
  /** Jobs that wait on this machine for the queue. */
  readonly spooled?: () => number;
  /** How long the queue may take to answer, ms. Default 500. */
  readonly timeLimit?: number;
}

/** The operators' HTTP surface, on a Fastify instance of its own. Every answer comes within a second, whatever hangs. */
export function registerOperations(app: FastifyInstance, deps: OperationsDeps): void {
  addSecurityHeaders(app);
  if (deps.token !== undefined) requireToken(app, deps.token);
  app.addHook('onResponse', async (request, reply) => {
    deps.metrics.httpRequest('operations', request.routeOptions.url, reply.statusCode);
  });
  app.get('/livez', () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, draining, failing } = await deps.health.report();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', draining, failing });
  });
  // 200 whenever the report could be made: the state is inside. A load balancer asks /readyz.
  app.get('/healthz', () => describeHealth(deps));
  app.get('/metrics', async (_request, reply) => {
    const text = await deps.metrics.render(deps.health);
    return reply.type(deps.metrics.contentType).send(text);
  });
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ error: 'not found' }));
}

async function describeHealth(deps: OperationsDeps): Promise<object> {
  const now = deps.clock.now();
  const [report, queue] = await Promise.all([deps.health.report(), readQueue(deps)]);
  const { state, ready, draining } = report;
  return {
    state,
    ready,
    draining,
    version: deps.version,
    node: process.version,
    startedAt: time(deps.startedAt),
    uptimeSeconds: (now - deps.startedAt) / 1000,
    configuration: deps.configurationFingerprint(),
    checks: Object.fromEntries(report.checks.map((check) => [check.name, describeCheck(check)])),
    identityProviders: Object.fromEntries(deps.identityProviders().map((idp) => [idp.name, describeIdp(idp, now)])),
    queue,
  } satisfies Record<string, unknown> & Pick<HealthReport, 'state'>;
}

function describeCheck({ state, readiness, since, checkedAt, detail, remedy, data }: CheckReport): object {
  return { state, readiness, since: time(since), checkedAt: time(checkedAt), detail, remedy, data };
}

function describeIdp(
  { enabled, entityId, certificates, metadata, clockDifference }: IdentityProviderHealth,
  now: number,
): object {
  return {
    enabled,
    entityId,
    certificates: certificates.map(({ fingerprint, subject, notBefore, notAfter }) => ({
      fingerprint,
      subject,
      notBefore: time(notBefore),
      notAfter: time(notAfter),
      expiresInSeconds: notAfter === null ? null : (notAfter - now) / 1000,
    })),
    metadata: {
      source: metadata.source,
      confirmedAt: time(metadata.confirmedAt),
      ageSeconds: metadata.confirmedAt === null ? null : (now - metadata.confirmedAt) / 1000,
      validUntil: time(metadata.validUntil),
    },
    clockDifferenceSeconds: clockDifference === null ? null : clockDifference / 1000,
  };
}

async function readQueue(deps: OperationsDeps): Promise<object | null> {
  const { queue, clock, timeLimit = 500 } = deps;
  if (queue === undefined) return null;
  const spooled = readSpool(deps);
  try {
    const { oldestAge, lastHeartbeat, ...counts } = await withinTime(
      Promise.resolve().then(() => queue()),
      timeLimit,
    );
    return {
      ...counts,
      spooled,
      oldestAgeSeconds: oldestAge === null ? null : oldestAge / 1000,
      lastHeartbeat: time(lastHeartbeat),
      heartbeatAgeSeconds: lastHeartbeat === null ? null : (clock.now() - lastHeartbeat) / 1000,
    };
  } catch {
    // Why it cannot is the store's own check; here it only must not pass for an empty queue.
    return { unavailable: true, spooled };
  }
}

function readSpool({ spooled }: OperationsDeps): number | null {
  try {
    return spooled?.() ?? null;
  } catch {
    return null;
  }
}

/** RFC 3339 in UTC. */
function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
