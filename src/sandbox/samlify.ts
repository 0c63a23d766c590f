import samlify, { type IdentityProviderInstance, type ServiceProviderInstance } from 'samlify';
import { assertSamlStructure } from './saml-structure.js';

// samlify keeps one validator for the process and reads no message without one; it bundles none, since an XSD
// validator is native or Java. What is set here is stateless, so nothing depends on who set it last.
samlify.setSchemaValidator({
  validate: (xml) =>
    new Promise<string>((resolve) => {
      assertSamlStructure(xml);
      resolve('SUCCESS_VALIDATE_XML');
    }),
});

// CommonJS with re-exports that Node cannot name: hence the default import.
export const { IdentityProvider, IdPMetadata, SamlLib, ServiceProvider, SPMetadata } = samlify;
export type { IdentityProviderInstance, ServiceProviderInstance };
