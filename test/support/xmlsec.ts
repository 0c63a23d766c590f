import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface XmlsecResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Standard error, where xmlsec1 says what it verified. */
  readonly report: string;
}

/** `namespace:localName` of the elements whose attribute `ID` is an ID. */
export const samlIdElements: readonly string[] = [
  'urn:oasis:names:tc:SAML:2.0:protocol:Response',
  'urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest',
  'urn:oasis:names:tc:SAML:2.0:assertion:Assertion',
  'urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor',
];

function start(args: readonly string[]): Promise<XmlsecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('xmlsec1', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({
        ok: status === 0,
        stdout: Buffer.concat(stdout).toString('utf8'),
        report: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}

/** One process over all the documents; it stops at the first that fails. */
async function run(
  command: readonly string[],
  key: { readonly option: string; readonly pem: string },
  documents: readonly string[],
): Promise<XmlsecResult> {
  const folder = await mkdtemp(join(tmpdir(), 'xmlsec-'));
  try {
    const keyFile = join(folder, 'key.pem');
    await writeFile(keyFile, key.pem, { mode: 0o600 });
    const files = documents.map((_, index) => join(folder, `${index}.xml`));
    await Promise.all(files.map((file, index) => writeFile(file, documents[index] ?? '')));
    return await start([...command, key.option, keyFile, ...files]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function idOptions(elements: readonly string[]): string[] {
  return elements.flatMap((name) => ['--id-attr:ID', name]);
}

export interface XmlsecVerifyOptions {
  readonly certificatePem: string;
  readonly idElements?: readonly string[];
  /** Which Signature, where a document holds several; default the first. */
  readonly xpath?: string;
}

/** Whether xmlsec1 finds the signature of each document good, under that certificate and no other key. */
export function xmlsecVerify(documents: readonly string[], options: XmlsecVerifyOptions): Promise<XmlsecResult> {
  const { certificatePem, idElements = samlIdElements, xpath } = options;
  const start = xpath === undefined ? [] : ['--node-xpath', xpath];
  // With only key names to read, KeyInfo cannot bring a key of its own.
  const command = ['--verify', '--enabled-key-data', 'key-name', ...idOptions(idElements), ...start];
  return run(command, { option: '--pubkey-cert-pem', pem: certificatePem }, documents);
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

function documentsIn(output: string): string[] {
  return output
    .split(/<\?xml version="1\.0"[^>]*\?>\n/)
    .slice(1)
    .map((body) => DECLARATION + body);
}

/** Has xmlsec1 fill in the templates, each of which begins with an XML declaration. */
export async function xmlsecSign(
  templates: readonly string[],
  options: { readonly privateKeyPem: string; readonly idElements?: readonly string[] },
): Promise<string[]> {
  const command = ['--sign', ...idOptions(options.idElements ?? samlIdElements)];
  const result = await run(command, { option: '--privkey-pem', pem: options.privateKeyPem }, templates);
  if (!result.ok) throw new Error(`xmlsec1 --sign: ${result.report}`);
  return documentsIn(result.stdout);
}

/** The documents with their EncryptedData replaced, as xmlsec1 decrypts them. */
export async function xmlsecDecrypt(documents: readonly string[], privateKeyPem: string): Promise<string[]> {
  const result = await run(['--decrypt'], { option: '--privkey-pem', pem: privateKeyPem }, documents);
  if (!result.ok) throw new Error(`xmlsec1 --decrypt: ${result.report}`);
  return documentsIn(result.stdout);
}

/** Encrypts the document element of `document` as `template` (an EncryptedData) says. */
export async function xmlsecEncrypt(
  document: string,
  template: string,
  options: { readonly publicKeyPem: string; readonly sessionKey: string },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xmlsec-'));
  try {
    const data = join(folder, 'data.xml');
    await writeFile(data, document);
    const command = ['--encrypt', '--session-key', options.sessionKey, '--xml-data', data];
    const result = await run(command, { option: '--pubkey-pem', pem: options.publicKeyPem }, [template]);
    if (!result.ok) throw new Error(`xmlsec1 --encrypt: ${result.report}`);
    return result.stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
