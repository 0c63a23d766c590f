import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import forge from 'node-forge';
import type { TestKeyPair } from '../../support/pki.js';

export interface Teardown {
  teardown(action: () => unknown): void;
}

export const ENTITY = 'https://idp.example.org/entity';

export interface DocumentOptions {
  readonly entityId?: string;
  /** Ms since 1970. */
  readonly validUntil?: number;
  /** An xs:duration. */
  readonly cacheDuration?: string;
  /** Whether it says where to send a request. Default: true. */
  readonly sso?: boolean;
}

/** Metadata of an IdP with these signing certificates. */
export function metadataXml(pairs: readonly TestKeyPair[], options: DocumentOptions = {}): string {
  const validUntil =
    options.validUntil === undefined ? '' : ` validUntil="${new Date(options.validUntil).toISOString()}"`;
  const cacheDuration = options.cacheDuration === undefined ? '' : ` cacheDuration="${options.cacheDuration}"`;
  const keys = pairs.map(
    ({ certificateBase64 }) =>
      `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>` +
      `<ds:X509Certificate>${certificateBase64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  );
  const sso =
    options.sso === false
      ? ''
      : `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/sso"/>`;
  return (
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${options.entityId ?? ENTITY}"${validUntil}${cacheDuration}>` +
    `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}` +
    `${sso}</md:IDPSSODescriptor></md:EntityDescriptor>`
  );
}

export interface TestServer {
  readonly port: number;
  /** Requests that came in. */
  readonly seen: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[];
  close(): Promise<void>;
}

async function listen(t: Teardown, server: Server, seen: TestServer['seen'], host: string): Promise<TestServer> {
  server.listen(0, host);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  t.teardown(close);
  return { port: (server.address() as AddressInfo).port, seen, close };
}

function recording(handler: RequestListener, seen: TestServer['seen']): RequestListener {
  return (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    handler(request, response);
  };
}

export function httpServer(t: Teardown, handler: RequestListener, host = '127.0.0.1'): Promise<TestServer> {
  const seen: TestServer['seen'] = [];
  return listen(t, createHttpServer(recording(handler, seen)), seen, host);
}

export interface Authority {
  /** PEM of the authority's own certificate. */
  readonly ca: string;
  /** PEM pair of a server whose names it vouches for. */
  readonly tls: { readonly key: string; readonly cert: string };
}

export function httpsServer(
  t: Teardown,
  { tls }: Authority,
  handler: RequestListener,
  host = '127.0.0.1',
): Promise<TestServer> {
  const seen: TestServer['seen'] = [];
  return listen(t, createHttpsServer(tls, recording(handler, seen)), seen, host);
}

const SERVER_NAMES = [
  { type: 2, value: 'localhost' },
  { type: 2, value: 'idp.example.org' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '127.0.0.2' },
  { type: 7, ip: '0.0.0.0' },
];

/** A certificate authority of its own, and a server certificate for the loopback names. */
export function createAuthority(): Authority {
  const [root, leaf] = [rsaPem(), rsaPem()];
  const ca = certificate('Test authority', root.publicKey, 'Test authority', root.privateKey, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]);
  const cert = certificate('localhost', leaf.publicKey, 'Test authority', root.privateKey, [
    { name: 'subjectAltName', altNames: SERVER_NAMES },
    { name: 'extKeyUsage', serverAuth: true },
  ]);
  return { ca, tls: { key: leaf.privateKey, cert } };
}

function rsaPem(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

function certificate(
  subject: string,
  publicKey: string,
  issuer: string,
  issuerKey: string,
  extensions: readonly object[],
): string {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicKey);
  made.serialNumber = subject === issuer ? '01' : '02';
  made.validity.notBefore = new Date(Date.now() - 86_400_000);
  made.validity.notAfter = new Date(Date.now() + 86_400_000);
  made.setSubject([{ name: 'commonName', value: subject }]);
  made.setIssuer([{ name: 'commonName', value: issuer }]);
  made.setExtensions([...extensions]);
  made.sign(forge.pki.privateKeyFromPem(issuerKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}
