import { Secret } from '../secret.js';
import { hasReference, type ValueSource } from '../source.js';
import type { HostPort, StoreAddress } from '../types/store.js';
import { isMapping, Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { WRITTEN_SECRET } from './scalars.js';
import { parsed } from './value.js';

const ADDRESS = /^redis(s?)(\+sentinel|\+cluster)?:\/\/(?:([^@/]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const FORMS =
  'write embedded:DIR, redis://host:port/db, redis+sentinel://host:port,host:port/name/db, or redis+cluster://host:port,host:port (rediss for TLS)';

const notAnAddress = new Unfit('is not a store address', FORMS);

/** Turns one component of the address into its value: decoded, then references replaced, which may hold any character. */
type Component = (written: string) => string;

class AddressFault extends Error {
  readonly unfit: Unfit;

  constructor(unfit: Unfit) {
    super(unfit.problem);
    this.unfit = unfit;
  }
}

function hostPort(text: string, standardPort: number): HostPort {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? standardPort : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new AddressFault(new Unfit('has a host or port that is not one', FORMS));
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

function database(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw new AddressFault(new Unfit('has a database that is not a number', FORMS));
  return Number(text);
}

function credentials(userInfo: string | undefined, component: Component, secret: (text: string) => Secret) {
  if (userInfo === undefined) return {};
  const colon = userInfo.indexOf(':', userInfo.startsWith('${env:') ? userInfo.indexOf('}') : 0);
  const username = colon < 0 ? userInfo : userInfo.slice(0, colon);
  return {
    ...(username === '' ? {} : { username: component(username) }),
    ...(colon < 0 ? {} : { password: secret(userInfo.slice(colon + 1)) }),
  };
}

function parseRedis(text: string, component: Component, secret: (text: string) => Secret): StoreAddress {
  const [matched, tlsMark, form, userInfo, hosts = '', path = '', query] = ADDRESS.exec(text) ?? [];
  if (matched === undefined) throw new AddressFault(notAnAddress);
  const access = { tls: tlsMark === 's', ...credentials(userInfo, component, secret) };
  const standardPort = form === '+sentinel' ? 26_379 : 6379;
  const [first = notHost(), ...others] = hosts.split(',').map((host) => hostPort(component(host), standardPort));
  const segments = path.split('/').map(component);
  const parameters = new Map((query ?? '').split('&').filter(Boolean).map(splitParameter));
  const known = form === '+sentinel' ? ['sentinelUsername', 'sentinelPassword'] : [];
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new AddressFault(new Unfit(`has a parameter that is not known: ${unknown}`, FORMS));
  if (form === '+cluster') {
    if (path !== '') throw new AddressFault(new Unfit('names a database, which a cluster has not', FORMS));
    return { kind: 'redis-cluster', ...access, nodes: [first, ...others] };
  }
  if (form === '+sentinel') {
    const [name = '', db, ...rest] = segments;
    if (name === '' || rest.length > 0) {
      throw new AddressFault(new Unfit('names no master', 'write redis+sentinel://host:port,host:port/name'));
    }
    const username = parameters.get('sentinelUsername');
    const password = parameters.get('sentinelPassword');
    return {
      kind: 'redis-sentinel',
      ...access,
      sentinels: [first, ...others],
      name,
      db: database(db),
      ...(username === undefined ? {} : { sentinelUsername: component(username) }),
      ...(password === undefined ? {} : { sentinelPassword: secret(password) }),
    };
  }
  if (others.length > 0 || segments.length > 1) throw new AddressFault(notAnAddress);
  return { kind: 'redis', ...access, ...first, db: database(segments[0]) };
}

function notHost(): never {
  throw new AddressFault(notAnAddress);
}

function splitParameter(parameter: string): [string, string] {
  const [name = '', ...value] = parameter.split('=');
  return [name, value.join('=')];
}

/** Reads `store:`. References are replaced after the address was taken apart, unless the whole address is one. */
export function parseStoreAddress(raw: unknown, source: ValueSource): StoreAddress | Unfit {
  const wholly = isMapping(raw) || (typeof raw === 'string' && /^\$\{env:\w+\}$/.test(raw));
  const resolved = wholly ? source.resolve(raw) : { value: raw, external: false };
  if (resolved instanceof Unfit) return resolved;
  const text = resolved.value;
  if (typeof text !== 'string') return notAnAddress;
  const component: Component = (written) => {
    const expanded = wholly || !hasReference(written) ? decodeURIComponent(written) : source.expand(written);
    if (expanded instanceof Unfit) throw new AddressFault(expanded);
    return expanded;
  };
  const secret = (written: string): Secret => {
    if (!wholly && !hasReference(written)) throw new AddressFault(WRITTEN_SECRET);
    return new Secret(component(written));
  };
  try {
    if (!text.startsWith('embedded:')) return parseRedis(text, component, secret);
    const path = wholly ? text : source.expand(text);
    if (path instanceof Unfit) return path;
    if (path === 'embedded:') return new Unfit('names no directory', 'write embedded:./data');
    return { kind: 'embedded', path: source.directory(path.slice('embedded:'.length)) };
  } catch (error) {
    if (error instanceof AddressFault) return error.unfit;
    if (error instanceof URIError) return new Unfit('has a percent sign that begins no code', 'write % as %25');
    throw error;
  }
}

export function storeSchema({ source }: Scalars) {
  return parsed((raw) => parseStoreAddress(raw, source)).meta({
    title: 'store address',
    anyOf: [
      { type: 'string', pattern: '^(embedded:|rediss?(\\+sentinel|\\+cluster)?://|\\$\\{env:)' },
      { type: 'object', properties: { file: { type: 'string' } }, required: ['file'], additionalProperties: false },
    ],
  });
}
