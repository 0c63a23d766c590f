import type { DomainKeyInput } from '../schema/domain-key.js';
import type { DomainKeyConfig } from '../types/idp.js';
import { Unfit } from '../unfit.js';
import type { IdpDefaults } from './presets.js';
import type { Report } from './report.js';

const NAME_FORMATS = {
  basic: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  uri: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  unspecified: 'urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified',
  none: null,
} as const;

/** Merges gateway.yaml's and the IdP's keys; there is no default attribute and no default value. */
export function completeDomainKey(
  base: DomainKeyInput,
  over: DomainKeyInput,
  defaults: IdpDefaults,
  report: Report,
): DomainKeyConfig | null {
  const input = { ...base, ...over };
  const { mode = 'inject', attribute, value } = input;
  const type = input.type ?? defaults.type;
  if (attribute === undefined) {
    report(
      ['domainKey', 'attribute'],
      new Unfit(
        'is missing',
        'add it, here or in gateway.yaml: the Name that support@zivver.com gave; it has no default',
      ),
    );
  }
  if (value === undefined) {
    report(
      ['domainKey', 'value'],
      new Unfit('is missing', 'add it, here or in gateway.yaml, as { file: path } or ${env:NAME}; it has no default'),
    );
  }
  if (mode === 'inject' && over.onMismatch !== undefined) {
    report(
      ['domainKey', 'onMismatch'],
      new Unfit(
        'has no meaning with mode inject, which drops whatever came',
        'remove it, or set mode: ensure or verify',
      ),
    );
  }
  if (attribute === undefined || value === undefined) return null;
  return {
    mode,
    attribute,
    nameFormat: NAME_FORMATS[input.nameFormat ?? defaults.nameFormat],
    type: type === 'none' ? null : type,
    value,
    onMismatch: input.onMismatch ?? 'refuse',
  };
}
