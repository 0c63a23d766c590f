import type { SandboxKeyPair } from '../key-pair.js';
import { idpMetadataXml, spMetadataXml, type IdpDescription, type SpDescription } from '../saml-metadata.js';
import { IdentityProvider, ServiceProvider } from '../samlify.js';

/** A request that is ready for the browser. */
export type OutgoingRequest =
  | { readonly id: string; readonly binding: 'redirect'; readonly url: string }
  | { readonly id: string; readonly binding: 'post'; readonly url: string; readonly samlRequest: string };

export interface RequestOptions {
  readonly binding: 'redirect' | 'post';
  /** Signs where there is a key. */
  readonly keyPair: SandboxKeyPair | null;
  readonly relayState: string | null;
}

/** Makes an AuthnRequest with samlify. Throws an Error where the IdP has no endpoint for the binding. */
export function createAuthnRequest(sp: SpDescription, idp: IdpDescription, options: RequestOptions): OutgoingRequest {
  const signed = options.keyPair !== null;
  // samlify refuses to sign for an IdP that does not ask for it, and the reverse. Zivver signs or not whatever the
  // IdP's metadata says, so the metadata handed to samlify says what is wanted here.
  const receiver = IdentityProvider({ metadata: idpMetadataXml({ ...idp, wantAuthnRequestsSigned: signed }) });
  const sender = ServiceProvider({
    metadata: spMetadataXml({ ...sp, authnRequestsSigned: signed }),
    ...(options.keyPair === null ? {} : { privateKey: options.keyPair.privateKey }),
  });
  const url = options.binding === 'redirect' ? idp.redirectUrl : idp.postUrl;
  if (url === null) throw new Error(`the identity provider takes no request by ${options.binding}`);
  const created = sender.createLoginRequest(
    receiver,
    options.binding,
    options.relayState === null ? {} : { relayState: options.relayState },
  );
  return options.binding === 'redirect'
    ? { id: created.id, binding: 'redirect', url: created.context }
    : { id: created.id, binding: 'post', url, samlRequest: created.context };
}
