import { SAML } from '@node-saml/node-saml';
import { IDP_ENTITY_ID, idpKeys, OUR_ACS, OUR_SP_ENTITY_ID } from '../../test/support/saml-parties.js';

/** Validation of a response by node-saml, which does nothing more than that. */
export function nodeSamlValidation(base64: string): () => Promise<unknown> {
  const receiver = new SAML({
    callbackUrl: OUR_ACS,
    issuer: OUR_SP_ENTITY_ID,
    audience: OUR_SP_ENTITY_ID,
    idpIssuer: IDP_ENTITY_ID,
    idpCert: idpKeys().certificatePem,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
  });
  return async () => {
    const { profile } = await receiver.validatePostResponseAsync({ SAMLResponse: base64 });
    if (profile?.nameID === undefined) throw new Error('node-saml reads no NameID.');
  };
}
