import { readFileSync } from 'node:fs';
import { Server as HttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { parseCertificates, type CertificateInfo } from '../keys/index.js';
import { GatewayError } from '../shared/index.js';

/** Key and certificate chain of the public listener. */
export interface TlsFiles {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The first certificate of the chain: our own. */
  readonly info: CertificateInfo;
}

/** @throws GatewayError KEY_UNREADABLE, KEY_UNFIT where key and certificate do not belong together */
export function readTls(files: { readonly key: string; readonly cert: string } | undefined): TlsFiles | null {
  if (files === undefined) return null;
  const [key, cert] = [read(files.key), read(files.cert)];
  const [info] = parseCertificates(cert.toString('latin1'), files.cert);
  try {
    createSecureContext({ key, cert });
  } catch (error) {
    throw new GatewayError('KEY_UNFIT', `${files.key} and ${files.cert} make no TLS server.`, { cause: error });
  }
  return { key, cert, info };
}

/** Connections that begin now get this certificate; those that are open go on with theirs. */
export function renewTls(app: FastifyInstance, tls: TlsFiles | null): void {
  const server: unknown = app.server;
  if (tls !== null && server instanceof HttpsServer) server.setSecureContext({ key: tls.key, cert: tls.cert });
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new GatewayError('KEY_UNREADABLE', `${path}: ${String(error)}`, { cause: error });
  }
}
