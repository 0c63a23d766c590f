export { startSandboxIdp } from './idp/server.js';
export type {
  AttributeStatement,
  IssuedResponse,
  ResponseVariation,
  SandboxApp,
  SandboxIdp,
  SandboxIdpOptions,
  SandboxUser,
  SignedParts,
  UserField,
} from './idp/options.js';
export { generateSandboxKeyPair, type SandboxKeyPair } from './key-pair.js';
export type { ZivverAccount } from './zivver/accounts.js';
export type { RequestBudget } from './zivver/budget.js';
export { controlStandIn, type RemoteStandIn } from './zivver/control-client.js';
export type { Fault, FaultRule, MisbehaviourPlan, ObservedRequest, Operation, RemotePlan } from './zivver/faults.js';
export type {
  LoginRecord,
  RequestCounters,
  SeedAccount,
  ZivverStandIn,
  ZivverStandInOptions,
} from './zivver/options.js';
export { runZivverStandIn, type StandInAnnouncement } from './zivver/process.js';
export { startZivverStandIn } from './zivver/stand-in.js';
export { Visitor, type VisitedPage } from './visitor.js';
