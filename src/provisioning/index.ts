export { createDeadLetters, type DeadLetters, type DeadLettersOptions, type DeadLetterView } from './dead-letters.js';
export { createEmbeddedBackend, type EmbeddedBackendOptions } from './embedded/backend.js';
export { createSpool, type Spool, type SpooledJob } from './embedded/spool.js';
export type { EventSubject, FollowUpKind, OutcomeKind, ProvisioningEvents } from './events.js';
export type { AccountRequest, QueuedJob } from './job.js';
export type { FollowUp, FollowUpView, Outcome } from './ledger.js';
export { decide, type Decision, type LoginFacts, type ProvisioningMode, type SkipReason } from './policy.js';
export { createProvisioner, type Provisioner, type ProvisionerOptions, type Submission } from './provisioner.js';
export type {
  Backend,
  Budget,
  BudgetLimit,
  DeadLetter,
  Failure,
  FailureClass,
  Grant,
  JobQueue,
  Lease,
  Pause,
  QueueDepth,
  RecordStore,
} from './queue.js';
export type { RedisBackendOptions } from './redis/backend.js';
export { ScimClient, type Fetch } from './scim/client.js';
export { createSealer, type Sealer } from './seal.js';
export type { Tenants, TenantSettings } from './settings.js';
export { createProvisioningStatus, type ProvisioningStatus, type TenantStatus } from './status.js';
export { startWorker, type ProvisioningWorker, type WorkerOptions } from './worker.js';

/** The queue on Redis, loaded when it is asked for: BullMQ takes long to load, and the embedded queue needs none of it. */
export const loadRedisQueue = () => import('./redis/backend.js');
