import { approveCertificate, listCandidates } from '../app/index.js';
import type { GatewayConfig, MetadataSource } from '../config/index.js';
import { GatewayError } from '../shared/index.js';
import { loadOrFail } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** The certificates of an identity provider that wait for approval, as the gateway of this machine last saw them. */
export async function candidates(name: string, options: Options, terminal: Terminal): Promise<ExitStatus> {
  const waiting = await listCandidates(placeOf(loadOrFail(options.config, terminal), name));
  const shown = waiting.map(({ fingerprint, subject, notBefore, notAfter, firstSeen }) => {
    return { fingerprint, subject, notBefore: time(notBefore), notAfter: time(notAfter), firstSeen: time(firstSeen) };
  });
  if (options.json === true) terminal.out(JSON.stringify({ idp: name, candidates: shown }, null, 2));
  else if (shown.length === 0) terminal.out(`no certificate of ${name} waits`);
  for (const { fingerprint, subject, notAfter, firstSeen } of options.json === true ? [] : shown) {
    const ends = notAfter === null ? 'without end' : `until ${notAfter}`;
    terminal.out(`${fingerprint}  ${subject ?? 'without subject'}, ${ends}, first seen ${firstSeen ?? 'never'}`);
  }
  return 0;
}

/** Lets a waiting certificate verify. Status 1 where none of that fingerprint waits. */
export async function approve(
  name: string,
  fingerprint: string,
  options: Options,
  terminal: Terminal,
): Promise<ExitStatus> {
  const place = placeOf(loadOrFail(options.config, terminal), name);
  try {
    const { subject } = await approveCertificate({ ...place, fingerprint });
    terminal.out(`approved: ${subject ?? fingerprint}; gateways of this machine take it up within seconds`);
    return 0;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'METADATA_CANDIDATE_UNKNOWN') throw error;
    throw new CommandFailure(1, `${error.code}: ${error.message} ${error.entry.remedy}`);
  }
}

function placeOf({ dataDirectory, idps }: GatewayConfig, name: string) {
  const idp = idps.find((each) => each.name === name);
  if (idp === undefined) {
    throw new CommandFailure(2, `no identity provider ${name}: there are ${idps.map((each) => each.name).join(', ')}`);
  }
  return { dataDirectory, name, source: sourceOf(name, idp.metadata) };
}

function sourceOf(name: string, source: MetadataSource | undefined): MetadataSource {
  if (source?.kind === 'url') return source;
  throw new CommandFailure(2, `the metadata of ${name} comes from no URL, so no certificate of it ever waits`);
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
