import { z } from 'zod';
import type { CertificateSource, MetadataSource } from '../types/service-provider.js';
import { isMapping, Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { complain, parsed } from './value.js';
import { urls } from './urls.js';

const PEM_CERTIFICATE = '-----BEGIN CERTIFICATE-----';

/** Certificates and metadata of other parties: inline, from a file, or from a URL. */
export function documents(scalars: Scalars) {
  const { source, choice, duration, flag, text, path } = scalars;
  const { url } = urls(scalars);

  const certificate = () =>
    parsed((raw): CertificateSource | Unfit => {
      const resolved = source.resolve(raw);
      if (resolved instanceof Unfit) return resolved;
      const pem = String(resolved.value);
      if (!pem.includes(PEM_CERTIFICATE)) {
        return new Unfit('is not a PEM certificate', 'write { file: certs/name.crt }, or the PEM text itself after |');
      }
      const origin = isMapping(raw) ? String(raw['file']) : 'the YAML';
      return { pem, origin };
    }).meta({
      title: 'PEM certificate (text or `{ file: path }`)',
      anyOf: [
        { type: 'string' },
        { type: 'object', properties: { file: { type: 'string' } }, required: ['file'], additionalProperties: false },
      ],
    });

  const metadata = () =>
    z
      .strictObject({
        url: url().optional().describe('HTTPS address from which the document is fetched, and fetched again.'),
        file: path().optional().describe('File that holds the document.'),
        inline: text().optional().describe('The document itself.'),
        refresh: duration(60_000).optional().describe('Time between two fetches from `url`. Default: `1h`.'),
        onNewCertificate: choice('hold', 'trust')
          .optional()
          .describe(
            'A signing certificate that was not in the document at `url` before: `hold` it until an operator approves it, or `trust` it at once. Default: `hold`.',
          ),
        allowPrivateAddress: flag()
          .optional()
          .describe('May `url` resolve to a private, loopback or link-local address? Default: `false`.'),
      })
      .transform((written, context): MetadataSource => {
        const forms = (['url', 'file', 'inline'] as const).filter((form) => written[form] !== undefined);
        if (forms.length !== 1) {
          const problem = forms.length === 0 ? 'says not where the document is' : `has ${forms.join(' and ')} at once`;
          complain(context, [], problem, 'write exactly one of url, file and inline');
          return z.NEVER;
        }
        if (written.url !== undefined) {
          const { url, refresh = 3_600_000, onNewCertificate = 'hold', allowPrivateAddress = false } = written;
          return { kind: 'url', url, refresh, onNewCertificate, allowPrivateAddress };
        }
        for (const name of ['refresh', 'onNewCertificate', 'allowPrivateAddress'] as const) {
          if (written[name] !== undefined) complain(context, [name], 'has no meaning without url', 'remove it');
        }
        if (written.inline !== undefined) return { kind: 'inline', xml: written.inline };
        const file = written.file ?? '';
        const bytes = source.read(file);
        if (bytes instanceof Unfit) {
          complain(context, ['file'], bytes.problem, bytes.remedy);
          return z.NEVER;
        }
        return { kind: 'file', file, xml: bytes.toString('utf8') };
      });

  return { certificate, metadata };
}
