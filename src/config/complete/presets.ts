import type { IdpPreset } from '../types/idp.js';

/** What an IdP preset decides. Facts: docs/zivver.md and the wire shapes of the vendors' responses. */
export interface IdpDefaults {
  /** Milliseconds. */
  readonly clockSkew: number;
  /** Which value Zivver's manual for this IdP puts into Recipient. */
  readonly recipient: 'entity-id' | 'acs';
  /** An injected attribute looks like those that the IdP writes itself. */
  readonly nameFormat: 'basic' | 'uri' | 'unspecified' | 'none';
  readonly type: 'xs:string' | 'none';
}

const MINUTE = 60_000;
const plain: IdpDefaults = { clockSkew: 3 * MINUTE, recipient: 'acs', nameFormat: 'none', type: 'none' };

export const idpDefaults: Readonly<Record<IdpPreset, IdpDefaults>> = {
  okta: { ...plain, recipient: 'entity-id', nameFormat: 'basic', type: 'xs:string' },
  // Entra ID and AD FS set NotBefore to the moment of issuing, without any allowance for clock difference.
  'entra-id': { ...plain, clockSkew: 5 * MINUTE },
  'ad-fs': { ...plain, clockSkew: 5 * MINUTE },
  google: plain,
  onelogin: { ...plain, recipient: 'entity-id' },
  keycloak: { ...plain, nameFormat: 'basic', type: 'xs:string' },
  generic: plain,
};

/** What a service provider preset decides. */
export interface ServiceProviderDefaults {
  readonly entityId?: string;
  readonly acs?: readonly string[];
  readonly startUrl?: string;
  readonly accountKey?: string;
  readonly displayName?: string;
}

export const serviceProviderDefaults: Readonly<Record<'zivver' | 'generic', ServiceProviderDefaults>> = {
  zivver: {
    entityId: 'https://app.zivver.com/SAML/Zivver',
    acs: ['https://app.zivver.com/api/sso/saml/consumer/'],
    startUrl: 'https://app.zivver.com/',
    accountKey: 'https://zivver.com/SAML/Attributes/ZivverAccountKey',
    displayName: 'urn:oid:2.5.4.42',
  },
  generic: {},
};

export const zivverScimBaseUrl = 'https://app.zivver.com/api/scim/v2/';
