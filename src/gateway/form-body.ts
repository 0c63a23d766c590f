import type { Readable } from 'node:stream';
import fastifyFormbody from '@fastify/formbody';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../shared/index.js';
import { Form } from './form.js';

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Lets Fastify read form bodies; how large they may be is `limitBody`'s business. */
export async function registerFormBody(app: FastifyInstance): Promise<void> {
  await app.register(fastifyFormbody, {
    bodyLimit: Number.MAX_SAFE_INTEGER,
    // Must not throw: Fastify calls it from a stream's event. Form does its work when asked.
    parser: (text: string) => ({ form: new Form(text) }),
  });
}

/** The request's form. @throws HTTP_CONTENT_TYPE where the body is something else */
export function formOf(request: FastifyRequest): Form {
  const { body } = request;
  if (typeof body === 'object' && body !== null && 'form' in body && body.form instanceof Form) return body.form;
  // Fastify does not parse a body of length 0.
  assertFormType(request);
  return new Form('');
}

/** Reads a form from a body that Fastify left as a stream. @throws HTTP_CONTENT_TYPE, HTTP_BODY_TOO_LARGE */
export async function readForm(request: FastifyRequest, limited: Readable): Promise<Form> {
  assertFormType(request);
  const chunks: Buffer[] = [];
  for await (const chunk of limited as AsyncIterable<Buffer>) chunks.push(chunk);
  return new Form(Buffer.concat(chunks).toString('utf8'));
}

function assertFormType(request: FastifyRequest): void {
  if (!FORM_TYPE.test(request.headers['content-type'] ?? '')) throw new GatewayError('HTTP_CONTENT_TYPE');
}
