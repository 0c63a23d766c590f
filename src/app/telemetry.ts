import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/index.js';
import { createOtlpTracer, type Metrics, type Tracer } from '../observe/index.js';
import type { ApplicationServices } from './services.js';

/** The tracer of a process. What the configuration says of telemetry counts as it is in force at the moment. */
export function telemetry(
  { clock, elapsed, random, fetch, version, instance, host }: ApplicationServices,
  { metrics, log, config }: { readonly metrics: Metrics; readonly log: Logger; readonly config: () => GatewayConfig },
): Tracer {
  return createOtlpTracer({
    settings: () => config().telemetry ?? null,
    service: { version, instance: `${host}/${instance}` },
    clock,
    elapsed,
    random,
    fetch,
    metrics,
    onCollector: (failure) => {
      if (failure === null) log.info('the collector takes spans again');
      else log.warn({ failure }, 'the collector takes no spans; they are dropped and counted');
    },
  });
}
