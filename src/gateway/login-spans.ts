import type { ResultCode } from '../observe/index.js';
import type { RequestContext } from './context.js';
import type { GatewayDeps } from './runtime.js';
import type { TimedStep } from './steps.js';

/**
 * Ends the span of a login, with one below it for each step. They are made of the times that were taken anyway, after
 * the fact, so that a login without telemetry pays nothing for them.
 */
export function endSpans(
  deps: Pick<GatewayDeps, 'tracer' | 'elapsed'>,
  { span, route, reference }: RequestContext,
  steps: readonly TimedStep[],
  code: ResultCode,
): void {
  if (span.context === null) return;
  const failure = code === 'OK' ? {} : { code };
  const now = deps.elapsed();
  const last = steps.at(-1);
  for (const step of steps) {
    const { name, since, duration } = step;
    deps.tracer.add({
      name,
      parent: span.context,
      ago: now - since - duration,
      duration,
      ...(step === last ? failure : {}),
    });
  }
  span.end({
    ...failure,
    attributes: {
      'claims_gateway.idp': route?.idp.name ?? '',
      'claims_gateway.reference': reference,
      'claims_gateway.code': code,
      'claims_gateway.delivery': route?.delivery.kind ?? '',
    },
  });
}

/** Whether the signature was found good: only then does a login leave a trace or spans. */
export function wasVerified(steps: readonly TimedStep[]): boolean {
  return steps.some(({ name }) => name === 'validate');
}
