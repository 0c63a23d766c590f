import { approveCertificate, listCandidates } from '../app/index.js';
import type { GatewayConfig, MetadataSource } from '../config/index.js';
import { loadOrFail, namedIdp } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

const NEVER = 'comes from no URL, so no certificate of it ever waits';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** The certificates of an identity provider that wait for approval, as the gateway of this machine last saw them. */
export async function candidates(name: string, options: Options, terminal: Terminal): Promise<ExitStatus> {
  const { dataDirectory, idps } = loadOrFail(options.config, terminal);
  const { metadata } = namedIdp(idps, name);
  const waiting = metadata?.kind === 'url' ? await listCandidates({ dataDirectory, name, source: metadata }) : [];
  const shown = waiting.map(({ fingerprint, subject, notBefore, notAfter, firstSeen }) => {
    return { fingerprint, subject, notBefore: time(notBefore), notAfter: time(notAfter), firstSeen: time(firstSeen) };
  });
  if (options.json === true) terminal.out(JSON.stringify({ idp: name, candidates: shown }, null, 2));
  else if (metadata?.kind !== 'url') terminal.out(`the metadata of ${name} ${NEVER}`);
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
  const { subject } = await approveCertificate({ ...place, fingerprint });
  terminal.out(`approved: ${subject ?? fingerprint}; gateways of this machine take it up within seconds`);
  return 0;
}

function placeOf({ dataDirectory, idps }: GatewayConfig, name: string) {
  return { dataDirectory, name, source: sourceOf(name, namedIdp(idps, name).metadata) };
}

function sourceOf(name: string, source: MetadataSource | undefined): MetadataSource {
  if (source?.kind === 'url') return source;
  throw new CommandFailure(2, `the metadata of ${name} ${NEVER}`);
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
