import { GatewayError } from '../shared/index.js';

// The ways in which a document is refused while it is read. Details are fixed texts, so none grows with the document.

export function malformed(detail: string): never {
  throw new GatewayError('XML_MALFORMED', detail);
}

export function forbidden(what: string): never {
  throw new GatewayError('XML_FORBIDDEN', `The document holds ${what}.`);
}

export function tooMuch(what: string, limit: number): never {
  throw new GatewayError('XML_LIMIT', `More than ${limit} ${what}.`);
}
