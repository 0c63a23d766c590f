import { createHash } from 'node:crypto';
import { chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../shared/index.js';
import { removeAbandoned, writeFileAtomically } from './atomic-file.js';

const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.strictObject({
  version: z.literal(1),
  /** Where the document came from; a record of another place says nothing about this one. */
  source: z.string(),
  /** Pinned by the first document; null before there is one. */
  entityId: z.string().nullable(),
  /** SHA-256 of the document that this record belongs to, lower-case hex; null while none was taken. */
  digest: fingerprint.nullable(),
  etag: z.string().max(1024).nullable(),
  lastModified: z.string().max(64).nullable(),
  /** When the document came, or was last confirmed to be the current one; ms since 1970. */
  fetchedAt: z.number().nullable(),
  /** Fingerprints of the signing certificates in use. */
  accepted: z.array(fingerprint),
  /** Signing certificates that wait for an operator. */
  candidates: z.array(
    z.strictObject({
      fingerprint,
      subject: z.string().nullable(),
      /** Validity, ms since 1970. */
      notBefore: z.number().nullable(),
      notAfter: z.number().nullable(),
      firstSeen: z.number(),
    }),
  ),
});

/** What is known about the metadata of one entity, beside the document itself. */
export type MetadataRecord = Readonly<z.infer<typeof recordSchema>>;
export type CertificateCandidate = Readonly<MetadataRecord['candidates'][number]>;

export type Kept =
  /** Nothing was ever kept: the next document is the first one. */
  | { readonly kind: 'nothing' }
  /** Something was kept and cannot be read; it must not count as a first time. */
  | { readonly kind: 'corrupt' }
  | {
      readonly kind: 'record';
      readonly record: MetadataRecord;
      /** Null where there is none or it cannot be read. */
      readonly document: Uint8Array | null;
      /** False when a process was killed between the two files: the document is newer than the record. */
      readonly matches: boolean;
    };

export function digestOf(document: Uint8Array): string {
  return createHash('sha256').update(document).digest('hex');
}

/** Where the metadata of one entity is kept between two runs. Only `save` rejects. */
export interface Keeper {
  load(): Promise<Kept>;
  /** @throws GatewayError METADATA_NOT_KEPT */
  save(record: MetadataRecord, document?: Uint8Array): Promise<void>;
  /** Fingerprints that an operator approved. */
  approved(): Promise<ReadonlySet<string>>;
  /** Changes whenever any process changed something. */
  stamp(): Promise<string>;
  /** Clears away what killed processes left behind. */
  tidy(now: number): Promise<void>;
}

/**
 * The last good metadata of one entity on disk, shared by all processes of the machine:
 *
 *   metadata/NAME.xml              the document
 *   metadata/NAME.json             the record
 *   metadata/NAME.approved/<hex>   one empty file per certificate that an operator approved
 *
 * Approvals are files of their own so that the command line never writes a file that the gateway writes too; an
 * approval stays until its file is removed.
 */
export class LastGoodStore implements Keeper {
  /** The file that holds what is known. */
  readonly record: string;
  readonly #directory: string;
  readonly #document: string;
  readonly #approvals: string;

  constructor(dataDirectory: string, name: string) {
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) throw new Error(`${name} cannot be the name of a file`);
    this.#directory = join(dataDirectory, 'metadata');
    this.#document = join(this.#directory, `${name}.xml`);
    this.record = join(this.#directory, `${name}.json`);
    this.#approvals = join(this.#directory, `${name}.approved`);
  }

  async load(): Promise<Kept> {
    const [text, document] = await Promise.all([read(this.record), read(this.#document)]);
    // A document alone is what a process leaves that was killed in its very first write.
    if (text === 'missing') return { kind: 'nothing' };
    const record = text instanceof Uint8Array ? parseRecord(text) : null;
    if (record === null) return { kind: 'corrupt' };
    const bytes = document instanceof Uint8Array ? document : null;
    return { kind: 'record', record, document: bytes, matches: bytes !== null && digestOf(bytes) === record.digest };
  }

  async save(record: MetadataRecord, document?: Uint8Array): Promise<void> {
    await this.#writing(async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      // The document first: cut off here, it is judged again under the old record, as if it had just come.
      if (document !== undefined) await writeFileAtomically(this.#document, document);
      await writeFileAtomically(this.record, `${JSON.stringify(record, null, 2)}\n`);
    });
  }

  async approved(): Promise<ReadonlySet<string>> {
    const names = await readdir(this.#approvals).catch(() => []);
    return new Set(names.filter((name) => fingerprint.safeParse(name).success));
  }

  /** @throws GatewayError METADATA_NOT_KEPT */
  async approve(approved: string): Promise<void> {
    await this.#writing(async () => {
      await mkdir(this.#approvals, { recursive: true, mode: 0o700 });
      await writeFileAtomically(join(this.#approvals, approved), '');
      await this.#handOver([this.#approvals, join(this.#approvals, approved)]);
    });
  }

  /** What root approves the gateway must be able to read, which is somebody else. */
  async #handOver(paths: readonly string[]): Promise<void> {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = await stat(this.#directory);
    for (const path of paths) await chown(path, uid, gid);
  }

  async stamp(): Promise<string> {
    const paths = [this.#document, this.record, this.#approvals];
    const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => null)));
    return stats.map((found) => (found === null ? '-' : `${found.ino}:${found.mtimeNs}:${found.size}`)).join(' ');
  }

  async tidy(now: number): Promise<void> {
    for (const path of [this.#document, this.record]) await removeAbandoned(path, now).catch(() => undefined);
  }

  async #writing(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      throw new GatewayError('METADATA_NOT_KEPT', `Writing under ${this.#directory}: ${code}`, { cause: error });
    }
  }
}

async function read(path: string): Promise<Uint8Array | 'missing' | 'unreadable'> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  }
}

function parseRecord(bytes: Uint8Array): MetadataRecord | null {
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return null;
  }
}
