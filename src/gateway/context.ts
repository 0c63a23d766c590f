import type { FastifyRequest } from 'fastify';
import { parseTraceparent, type Span, type SpanContext } from '../observe/index.js';
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
  /** Of a login; is sent only when it is ended, so that other requests leave none. */
  readonly span: Span;
  subject: Subject;
  /** The IdP that the request names, or whose response it is. */
  route: LoginRoute | null;
  /** Set once the response has passed every check. */
  verified: VerifiedFacts | null;
}

/** What a refusal after that still tells to audit and trace. */
export interface VerifiedFacts {
  readonly nameId: string;
  digest(): string;
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
    span: deps.tracer.start('login', { kind: 'server', parent: parentOf(request) }),
    subject: 'other',
    route: null,
    verified: null,
  };
}

/** W3C Trace Context §3.2: who called us may be tracing already. */
function parentOf({ headers: { traceparent } }: FastifyRequest): SpanContext | null {
  return typeof traceparent === 'string' ? parseTraceparent(traceparent) : null;
}
