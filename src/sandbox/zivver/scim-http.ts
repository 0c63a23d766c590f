import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parameter, type Later } from '../site.js';
import { SCIM_PATH, type StandInEngine } from './engine.js';
import { answerFaultily, sendAnswer } from './faulty-answer.js';
import { performScim, type ScimRequest } from './scim.js';

/** SCIM over HTTP. Every media type comes through as text: which are right is for SCIM to say. */
export async function registerScim(site: FastifyInstance, later: Later<StandInEngine>): Promise<void> {
  await site.register((scim, _options, done) => {
    scim.removeAllContentTypeParsers();
    scim.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => {
      parsed(null, body);
    });
    scim.all(`${SCIM_PATH}*`, async (request, reply) => {
      const engine = await later.ready;
      const scimRequest = readRequest(request);
      const admission = engine.gate.admit(scimRequest, request.headers.authorization ?? '');
      void reply.headers(engine.gate.budgetHeaders());
      const perform = () => performScim(engine, scimRequest);
      if ('answer' in admission) sendAnswer(reply, admission.answer);
      else if (admission.fault === null) sendAnswer(reply, perform());
      else await answerFaultily(reply, admission.fault, { perform, budget: engine.budget, closing: engine.closing });
      return reply;
    });
    done();
  });
}

function readRequest(request: FastifyRequest): ScimRequest {
  return {
    method: request.method,
    path: `/${parameter(request.params, '*') ?? ''}`,
    filter: parameter(request.query, 'filter'),
    contentType: request.headers['content-type'] ?? '',
    body: typeof request.body === 'string' ? request.body : '',
  };
}
