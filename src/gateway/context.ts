import type { FastifyRequest } from 'fastify';
import { chooseLanguage, type Language } from './language.js';
import type { GatewayDeps, GatewayRuntime, LoginRoute } from './runtime.js';
import { LoginSteps } from './steps.js';

declare module 'fastify' {
  interface FastifyRequest {
    gateway: RequestContext;
  }
}

/** What a request is about, which decides where its refusal is counted and whether it is audited. */
export type Subject = 'response' | 'request' | 'other';

/** What is known of one HTTP request while it is answered. */
export interface RequestContext {
  /** The configuration that the request began with; a reload in the meantime does not touch it. */
  readonly runtime: GatewayRuntime;
  /** What the person can read to a service desk; the request's id in every log line. */
  readonly reference: string;
  readonly language: Language;
  readonly startedAt: number;
  readonly steps: LoginSteps;
  subject: Subject;
  /** The IdP that the request names, or whose response it is. */
  route: LoginRoute | null;
  /** Set once the signature is verified: from then on the login leaves a trace. */
  verified: VerifiedFacts | null;
}

/** What a refusal after verification still tells to audit and trace. */
export interface VerifiedFacts {
  readonly nameId: string;
  readonly digest: string;
  readonly keyFingerprint: string;
}

/** Opens the context of a request; called once, before anything else looks at it. */
export function openContext(request: FastifyRequest, deps: GatewayDeps): RequestContext {
  return {
    runtime: deps.runtime(),
    reference: request.id,
    language: chooseLanguage(request.headers['accept-language']),
    startedAt: deps.elapsed(),
    steps: new LoginSteps(() => deps.elapsed()),
    subject: 'other',
    route: null,
    verified: null,
  };
}
