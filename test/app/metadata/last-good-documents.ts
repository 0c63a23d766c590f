import { digestOf, type MetadataRecord } from '../../../src/app/metadata/last-good.js';

export function documentOf(round: number): Uint8Array {
  return Buffer.from(`<document round="${round}">${'x'.repeat(20_000)}</document>`);
}

export function recordOf(round: number): MetadataRecord {
  return {
    version: 1,
    source: 'https://idp.example.org/metadata',
    entityId: 'idp',
    digest: digestOf(documentOf(round)),
    etag: `"${round}"`,
    lastModified: null,
    fetchedAt: round,
    accepted: ['a'.repeat(64)],
    candidates: [],
  };
}
