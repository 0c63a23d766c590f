import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { RequestBudget } from './budget.js';
import type { Fault } from './faults.js';
import { codeAndMessage, type Answer } from './scim.js';
import { tooManyRequests } from './scim-gate.js';

export interface FaultyAnswerContext {
  /** Carries the request out. */
  readonly perform: () => Answer | Promise<Answer>;
  readonly budget: RequestBudget;
  /** Ends delays when the stand-in closes. */
  readonly closing: AbortSignal;
}

const HTML = '<!doctype html><html><head><title>Service unavailable</title></head><body><h1>Sorry</h1></body></html>';

/** Answers as the fault says. */
export async function answerFaultily(reply: FastifyReply, fault: Fault, context: FaultyAnswerContext): Promise<void> {
  if ('applied' in fault && fault.applied === true && fault.kind !== 'latency') await context.perform();
  switch (fault.kind) {
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      break;
    case 'hang':
      // The connection stays open and silent until the client leaves or the stand-in closes.
      reply.hijack();
      break;
    case 'half-answer':
      sendHalf(reply, await context.perform());
      break;
    default:
      sendAnswer(reply, await spoiltAnswer(fault, context));
  }
}

export function sendAnswer(reply: FastifyReply, answer: Answer): void {
  void reply.code(answer.status).headers(answer.headers).send(answer.body);
}

async function spoiltAnswer(
  fault: Exclude<Fault, { kind: 'reset' | 'hang' | 'half-answer' }>,
  context: FaultyAnswerContext,
): Promise<Answer> {
  switch (fault.kind) {
    case 'latency':
      return lateAnswer(fault, context);
    case 'too-many-requests': {
      const answer = tooManyRequests(context.budget.requests, context.budget.windowMs);
      return { ...answer, headers: { ...answer.headers, ...fault.headers } };
    }
    case 'unauthorized':
      return codeAndMessage(401, 'HTTP 401 Unauthorized');
    case 'status':
      return {
        status: fault.status,
        headers: { 'content-type': fault.contentType ?? 'text/plain' },
        body: fault.body ?? '',
      };
    case 'html':
      return { status: fault.status ?? 200, headers: { 'content-type': 'text/html' }, body: HTML };
    case 'without-id':
      return withoutId(await context.perform());
  }
}

async function lateAnswer(
  fault: Extract<Fault, { kind: 'latency' }>,
  { perform, closing }: FaultyAnswerContext,
): Promise<Answer> {
  const early = fault.applied === true ? await perform() : null;
  try {
    await delay(fault.ms, undefined, { signal: closing });
  } catch {
    // The stand-in closes in the middle: what was not done stays undone, and the connection is going anyway.
    return early ?? codeAndMessage(503, 'HTTP 503 Service Unavailable');
  }
  return early ?? (await perform());
}

/** The length promises the whole body; the connection ends in the middle of it. */
function sendHalf(reply: FastifyReply, answer: Answer): void {
  const body = Buffer.from(answer.body);
  reply.hijack();
  reply.raw.writeHead(answer.status, { ...answer.headers, 'content-length': String(Math.max(body.length, 2)) });
  reply.raw.write(body.length > 1 ? body.subarray(0, body.length >> 1) : ' ', () => reply.raw.destroy());
}

function withoutId(answer: Answer): Answer {
  if (answer.headers['content-type'] !== 'application/json') return answer;
  const value: unknown = JSON.parse(answer.body);
  const stripped = JSON.stringify(value, (name, member: unknown) => (name === 'id' ? undefined : member));
  return { ...answer, body: stripped };
}
