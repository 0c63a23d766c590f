import { writeIdpMetadata, writeSpMetadata } from '../../src/saml/index.js';
import { IDP_ENTITY_ID, idpKeys, OUR_ACS, OUR_SP_ENTITY_ID } from '../../test/support/saml-parties.js';
import { now } from '../logins.js';

const common = { id: '_metadata', validUntil: now + 3_600_000, key: null };

/** Of the identity provider whose logins are measured. */
export function idpMetadata(): Promise<string> {
  return writeIdpMetadata({
    ...common,
    entityId: IDP_ENTITY_ID,
    signingCertificates: [idpKeys().certificateBase64],
    ssoUrl: 'https://example.okta.com/sso',
    wantsSignedRequests: false,
  });
}

/** Of the receiver of those logins. */
export function receiverMetadata(): Promise<string> {
  return writeSpMetadata({
    ...common,
    entityId: OUR_SP_ENTITY_ID,
    signingCertificates: [],
    decryptionCertificates: [],
    acsUrl: OUR_ACS,
    requestsSigned: false,
  });
}
