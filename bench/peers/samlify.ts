import samlify from 'samlify';
import { idpMetadata, receiverMetadata } from './metadata.js';

/** Validation of a response by samlify, without an XSD validator, which it leaves to its user. */
export async function samlifyValidation(base64: string): Promise<() => Promise<unknown>> {
  samlify.setSchemaValidator({ validate: () => Promise.resolve('not validated') });
  const idp = samlify.IdentityProvider({ metadata: await idpMetadata() });
  const sp = samlify.ServiceProvider({ metadata: await receiverMetadata() });
  return async () => {
    const { extract } = await sp.parseLoginResponse(idp, 'post', { body: { SAMLResponse: base64 } });
    if ((extract as { readonly nameID?: string }).nameID === undefined) throw new Error('samlify reads no NameID.');
  };
}
