export type { AuditEvent, AuditEventName } from './audit/event.js';
export { AuditLog, type AuditFailure, type AuditOptions } from './audit/log.js';
export { auditSegmentFiles, openNewFile, type OpenSegment, type SegmentHandle } from './audit/segments.js';
export { verifyAudit, type AuditFault, type AuditVerification } from './audit/verify.js';
export {
  HealthRegistry,
  type CheckReport,
  type CheckResult,
  type CheckState,
  type HealthCheck,
  type HealthOptions,
  type HealthReport,
  type HealthValue,
} from './health.js';
export { createLogger, logOptions, type LogLevel, type LogTarget } from './log.js';
export { maskSecretText } from './mask.js';
export {
  LOGIN_STAGES,
  METRIC_PREFIX,
  metricDefinitions,
  metricsReference,
  type LoginStage,
  type MetricName,
} from './metric-definitions.js';
export {
  Metrics,
  type AttemptClass,
  type Expiry,
  type ExpiryKind,
  type FollowUpKind,
  type MetadataFetch,
  type MetricsOptions,
  type MetricSources,
  type ProvisioningDecision,
  type ProvisioningOutcome,
  type QueueGauges,
  type ResultCode,
  type StoreOperation,
} from './metrics.js';
export {
  createAccountNames,
  deriveRedactionKey,
  hashAccountName,
  redactValue,
  type AccountNameForm,
  type AccountNames,
  type RedactedValue,
} from './redact.js';
export { withinTime } from './time-limit.js';
export { attributeDifference, type PlainAttribute } from './traces/difference.js';
export { createEmbeddedTraceStore, type EmbeddedTraceOptions } from './traces/embedded.js';
export { createRedisTraceStore, type RedisTraceOptions } from './traces/redis.js';
export { readReference } from './traces/reference.js';
export type {
  AttributeDifference,
  LoginEntry,
  ProvisioningEntry,
  Trace,
  TraceBounds,
  TraceEntry,
  TraceStep,
  TraceStore,
} from './traces/trace.js';
export { createOtlpTracer, type OtlpOptions, type OtlpSettings } from './spans/otlp.js';
export { formatTraceparent, nextContext, parseTraceparent, type SpanContext } from './spans/traceparent.js';
export { noTracer, type Span, type Tracer } from './spans/tracer.js';
