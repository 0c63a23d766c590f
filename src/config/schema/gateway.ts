import { z } from 'zod';
import type { ValueSource } from '../source.js';
import { dataKey } from './data-key.js';
import { domainKeySchema } from './domain-key.js';
import { listenerSchemas } from './listeners.js';
import { provisioningSchema } from './provisioning.js';
import { scalars as scalarsOf, type Scalars } from './scalars.js';
import { serviceProviderSchema } from './service-provider.js';
import { signingSchemas } from './signing.js';
import { storeSchema } from './store.js';
import { telemetrySchema } from './telemetry.js';
import { urls } from './urls.js';
import { complain } from './value.js';

const KIB = 1024;

/** A body holds the message in base64 (4/3), and characters of it percent-encoded, beside RelayState. */
function leastBody(message: number): number {
  return Math.ceil((message * 4) / 3) + 16 * KIB;
}

function limitsSchema({ integer, size, duration }: Scalars) {
  return z
    .strictObject({
      body: size(16 * KIB, 64 * KIB * KIB)
        .prefault('1MiB')
        .describe('Longest HTTP body.'),
      message: size(4 * KIB, 16 * KIB * KIB)
        .prefault('256KiB')
        .describe('Longest SAML message, decoded.'),
      xml: z
        .strictObject({
          depth: integer(8, 1000).prefault(64).describe('Nesting of elements.'),
          elements: integer(100, 10_000_000).prefault(20_000).describe('Elements in one document.'),
          attributes: integer(8, 10_000).prefault(256).describe('Attributes of one element.'),
          namespaceName: integer(100, 100_000).prefault(1000).describe('Characters of a namespace name.'),
        })
        .prefault({})
        .describe('What one XML document may hold.'),
      requestLifetime: duration(10_000, 86_400_000)
        .prefault('10m')
        .describe('How long a request of the service provider waits for the login.'),
      rate: z
        .strictObject({
          requests: integer(1, 1_000_000).prefault(1200).describe('Requests in each window.'),
          per: duration(1000, 3_600_000).prefault('1m').describe('Length of the window.'),
        })
        .prefault({})
        .describe('Requests from one address; an office behind one address needs room for all its people.'),
    })
    .superRefine(({ body, message }, context) => {
      if (body >= leastBody(message)) return;
      const problem = `is too small for a message of ${String(message)} bytes in base64`;
      complain(context, ['body'], problem, `write at least ${String(Math.ceil(leastBody(message) / KIB))}KiB`);
    })
    .prefault({})
    .describe('Bounds of what is taken from outside.');
}

function observationSchemas(scalars: Scalars) {
  const { choice, duration, directory, flag, integer, size } = scalars;
  return {
    logging: z
      .strictObject({
        level: choice('fatal', 'error', 'warn', 'info', 'debug', 'trace').prefault('info').describe('Least severity.'),
        accountNames: choice('hashed', 'plain', 'omitted')
          .prefault('hashed')
          .describe('Form of account names in log, audit and traces.'),
      })
      .prefault({})
      .describe('The log on standard error.'),
    audit: z
      .strictObject({
        directory: directory().prefault('data/audit').describe('Directory of the audit files.'),
        rotateAt: size(64 * KIB, 4 * KIB ** 3)
          .prefault('64MiB')
          .describe('Size at which the next file is begun.'),
      })
      .prefault({})
      .describe('The audit log.'),
    traces: z
      .strictObject({
        count: integer(0, 10_000_000).prefault(10_000).describe('Most traces kept.'),
        age: duration(1000).prefault('7d').describe('How long a trace is kept.'),
      })
      .prefault({})
      .describe('Login traces.'),
    metadata: z
      .strictObject({
        sign: flag().prefault(false).describe('Sign our metadata.'),
        validFor: duration(3_600_000).prefault('7d').describe('validUntil, counted from the moment of serving.'),
      })
      .prefault({})
      .describe('The metadata that we publish.'),
    telemetry: telemetrySchema(scalars),
  };
}

/** The whole of gateway.yaml. */
export function gatewaySchema(source: ValueSource) {
  const scalars = scalarsOf(source);
  const { choice, duration, directory } = scalars;
  const { baseUrl } = urls(scalars);
  return z.strictObject({
    publicUrl: baseUrl('').describe(
      'Base of every URL that we hand out; https, or http on an address of this machine.',
    ),
    ...listenerSchemas(scalars),
    store: storeSchema(scalars)
      .prefault('embedded:./data')
      .describe(
        'Replay protection, requests and queue: `embedded:DIR` for one machine; `redis://`, `redis+sentinel://`, `redis+cluster://` for more (`rediss` for TLS). A password comes from `${env:NAME}`.',
      ),
    onStoreFailure: choice('refuse', 'local')
      .prefault('refuse')
      .describe('When Redis is silent: refuse logins, or rule out replays on each machine by itself.'),
    dataDirectory: directory()
      .prefault('data')
      .describe('What this machine keeps for itself: spool, local claims, last good metadata.'),
    dataKey: dataKey(scalars).describe('Key that encrypts what waits in the store and on the queue, and hides which accounts are known there.'),
    previousDataKeys: z
      .array(dataKey(scalars))
      .prefault([])
      .describe('Earlier data keys, for what was encrypted before a rotation.'),
    serviceProvider: serviceProviderSchema(scalars).prefault({}).describe('The service provider: Zivver.'),
    ...signingSections(scalars),
    domainKey: domainKeySchema(scalars)
      .prefault({})
      .describe("The DomainKey, where IdPs share it; an IdP's file overrides."),
    provisioning: provisioningSchema(scalars).prefault({}).describe("Creation of accounts; an IdP's file overrides."),
    limits: limitsSchema(scalars),
    ...observationSchemas(scalars),
    missingCookie: choice('refuse', 'allow')
      .prefault('refuse')
      .describe("A response to our request without the browser's cookie: refuse and offer to start again, or go on."),
    shutdownDelay: duration(0, 600_000)
      .prefault(0)
      .describe(
        'Time from SIGTERM to the closing of the port, during which `/readyz` says no and requests are still taken: what a load balancer needs to notice.',
      ),
    shutdownTimeout: duration(0, 600_000)
      .prefault('20s')
      .describe('Time that is then left for requests, held jobs and what waits to be written.'),
  });
}

function signingSections(scalars: Scalars) {
  const { signing, decryption } = signingSchemas(scalars);
  return { signing: signing.describe('How and with which keys we sign.'), decryption };
}

export type GatewayInput = z.output<ReturnType<typeof gatewaySchema>>;
