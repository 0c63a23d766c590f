import { isIP } from 'node:net';
import { z } from 'zod';
import { Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { isLoopback } from './urls.js';
import { complain, value } from './value.js';

const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

function network({ source, textual }: Scalars) {
  return value(source, {
    title: 'address or network',
    literal: { type: 'string' },
    parse: textual((text) => {
      const [address = '', bits, ...rest] = text.split('/');
      const version = isIP(address);
      const fitBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
      if (NAMED_NETWORKS.includes(text) || (version !== 0 && fitBits && rest.length === 0)) return text;
      return new Unfit('is not an address or network', 'write as in 10.0.0.5, 10.0.0.0/24 or loopback');
    }),
  });
}

/** `listen:` and `operations:`. */
export function listenerSchemas(scalars: Scalars) {
  const { text, integer, path, secret } = scalars;

  const listen = z
    .strictObject({
      host: text().prefault('0.0.0.0').describe('Address to listen on.'),
      port: integer(0, 65_535).prefault(8080).describe('TCP port; 0 takes a free one.'),
      tls: z
        .strictObject({
          cert: path().describe('PEM file of the certificate chain.'),
          key: path().describe('PEM file of the private key.'),
        })
        .optional()
        .describe('Present: TLS is terminated here. Default: a reverse proxy in front does that.'),
      trustProxy: z
        .array(network(scalars))
        .prefault([])
        .describe(
          'Reverse proxies whose X-Forwarded-For is believed, for the log and the rate limit only; URLs never come from headers.',
        ),
    })
    .prefault({})
    .describe('The public listener: SAML and nothing else.');

  const operations = z
    .strictObject({
      host: text().prefault('127.0.0.1').describe('Address to listen on.'),
      port: integer(0, 65_535).prefault(9090).describe('TCP port; 0 takes a free one.'),
      token: secret()
        .optional()
        .describe('Bearer token of the operations listener; required unless `host` is loopback.'),
    })
    .superRefine(({ host, token }, context) => {
      if (token !== undefined || isLoopback(host)) return;
      complain(
        context,
        ['token'],
        `is missing, while ${host} can be reached from other machines`,
        'add token: { file: certs/operations-token }, or listen on 127.0.0.1',
      );
    })
    .prefault({})
    .describe('The listener for health and metrics.');

  return { listen, operations };
}
