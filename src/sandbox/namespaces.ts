export const SAML_PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const SAML_ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAML_METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const XML_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';

export const HTTP_REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
export const HTTP_POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

export const EMAIL_ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
export const UNSPECIFIED_NAME = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
export const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

export const ZIVVER_ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
/** Where Zivver's manual for Okta puts user.displayName (against the OID's standard meaning, givenName). */
export const DISPLAY_NAME = 'urn:oid:2.5.4.42';
