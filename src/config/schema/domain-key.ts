import { z } from 'zod';
import type { Scalars } from './scalars.js';

/** `domainKey:`, in gateway.yaml and in an IdP's file; defaults come after merging (complete/idp.ts). */
export function domainKeySchema(scalars: Scalars) {
  const { text, choice, secret } = scalars;
  return z.strictObject({
    mode: choice('inject', 'verify', 'ensure')
      .optional()
      .describe(
        '`inject`: drop what came and add ours; `verify`: it must be there and equal; `ensure`: verify where present, else inject. Default: `inject`.',
      ),
    attribute: text()
      .optional()
      .describe(
        "The attribute's Name. No default, since Zivver publishes none: ask support@zivver.com. (`https://zivver.com/SAML/Attributes/DomainKey` would be a guess.)",
      ),
    nameFormat: choice('basic', 'uri', 'unspecified', 'none')
      .optional()
      .describe(
        'NameFormat of the attribute that is added. Default: `basic` for the presets okta and keycloak, else `none`.',
      ),
    type: choice('xs:string', 'none')
      .optional()
      .describe(
        'xsi:type of the value that is added. Default: `xs:string` for the presets okta and keycloak, else `none`.',
      ),
    value: secret().optional().describe('The DomainKey; no default.'),
    onMismatch: choice('refuse', 'replace')
      .optional()
      .describe(
        'A different value came (`verify`, `ensure`): refuse the login, or replace the value and audit it. Default: `refuse`.',
      ),
  });
}

export type DomainKeyInput = z.output<ReturnType<typeof domainKeySchema>>;
