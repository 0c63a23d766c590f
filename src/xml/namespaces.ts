/** Namespace names of what this room reads and writes. */
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
/** Bound to the prefix xmlns, and to nothing else. */
export const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/';
export const XMLDSIG_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#';
export const XMLENC_NAMESPACE = 'http://www.w3.org/2001/04/xmlenc#';
export const XMLENC11_NAMESPACE = 'http://www.w3.org/2009/xmlenc11#';
/** Both the algorithm's identifier and the namespace of its InclusiveNamespaces. */
export const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
