import Fastify from 'fastify';
import { z } from 'zod';
import { openSite } from '../site.js';
import { planSchema } from './faults.js';
import type { ZivverStandIn } from './options.js';

/** What of the stand-in can be driven from another process. */
export type ControlledStandIn = Pick<
  ZivverStandIn,
  'accounts' | 'logins' | 'requests' | 'setIdpMetadata' | 'misbehave'
>;

export interface ControlEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

const metadataSchema = z.strictObject({ xml: z.string() });

/**
 * Opens the control endpoint, on 127.0.0.1 alone since it asks for no key: GET /state, PUT /faults, PUT /idp-metadata,
 * all JSON. A page in a browser cannot reach it: PUT and JSON both need a consent that it never gives (no CORS).
 */
export async function openControl(standIn: ControlledStandIn, port: number): Promise<ControlEndpoint> {
  const site = Fastify({ forceCloseConnections: true });
  site.get('/state', () => ({
    accounts: standIn.accounts(),
    logins: standIn.logins(),
    requests: standIn.requests(),
  }));
  site.put('/faults', async (request, reply) => {
    const plan = planSchema.safeParse(request.body);
    if (!plan.success) return reply.code(400).send({ error: z.prettifyError(plan.error) });
    standIn.misbehave(plan.data);
    return reply.code(204).send();
  });
  site.put('/idp-metadata', async (request, reply) => {
    const body = metadataSchema.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: z.prettifyError(body.error) });
    try {
      standIn.setIdpMetadata(body.data.xml);
    } catch (error) {
      return reply.code(400).send({ error: error instanceof Error ? error.message : String(error) });
    }
    return reply.code(204).send();
  });
  const url = await openSite(site, { host: '127.0.0.1', port });
  return { url, close: () => site.close() };
}
