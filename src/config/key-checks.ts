import type { KeyFiles, KeyInspector } from './key-inspector.js';
import type { GatewayInput } from './schema/gateway.js';
import type { IdpInput } from './schema/idp.js';
import type { ServiceProviderInput } from './schema/service-provider.js';
import type { CertificateSource } from './types/service-provider.js';
import { Unfit } from './unfit.js';
import type { DataPath } from './yaml-file.js';

/** Takes a finding about one file; a warning does not stop the program. */
export type FindingReport = (path: DataPath, unfit: Unfit, severity: 'fault' | 'warning') => void;

/** Looks into every key and certificate that gateway.yaml names. */
export function checkOwnKeys(
  { listen, signing, decryption }: Partial<GatewayInput>,
  inspector: KeyInspector,
  now: number,
  report: FindingReport,
): void {
  const look = (path: DataPath, files: KeyFiles): void => {
    for (const { part, severity, problem, remedy } of inspector.inspectKeyFiles(files, now)) {
      report([...path, part], new Unfit(problem, remedy), severity);
    }
  };
  for (const [index, { key, cert, state }] of (signing?.keys ?? []).entries()) {
    // A retired key is kept for the record only, and may have been made for another algorithm.
    if (signing === undefined || state === 'retired') continue;
    look(['signing', 'keys', index], { key, cert, use: 'signing', algorithm: signing.algorithm });
  }
  for (const [index, { key, cert }] of (decryption?.keys ?? []).entries()) {
    look(['decryption', 'keys', index], { key, cert, use: 'decryption' });
  }
  if (listen?.tls !== undefined) look(['listen', 'tls'], { ...listen.tls, use: 'tls' });
}

type CertificateLook = (path: DataPath, source: CertificateSource, allowRsa1024: boolean) => void;

function certificateLook(inspector: KeyInspector, now: number, report: FindingReport): CertificateLook {
  return (path, { pem }, allowRsa1024) => {
    for (const { severity, problem, remedy } of inspector.inspectCertificates(pem, { allowRsa1024 }, now)) {
      report(path, new Unfit(problem, remedy), severity);
    }
  };
}

/** Looks into the certificates of a `serviceProvider:` section. */
export function checkServiceProviderCertificates(
  input: ServiceProviderInput,
  inspector: KeyInspector,
  now: number,
  report: FindingReport,
): void {
  const look = certificateLook(inspector, now, report);
  for (const [index, source] of (input.certificates ?? []).entries()) {
    look(['serviceProvider', 'certificates', index], source, false);
  }
  if (input.encryption !== undefined) {
    look(['serviceProvider', 'encryption', 'certificate'], input.encryption.certificate, false);
  }
}

/** Looks into every certificate that an IdP's file names. */
export function checkIdpCertificates(
  input: IdpInput,
  inspector: KeyInspector,
  now: number,
  report: FindingReport,
): void {
  const look = certificateLook(inspector, now, report);
  for (const [index, source] of input.certificates.entries()) {
    look(['certificates', index], source, input.signature.allowRsa1024);
  }
  checkServiceProviderCertificates(input.serviceProvider, inspector, now, report);
}
