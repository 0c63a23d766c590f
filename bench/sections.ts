import { defaultMessageLimit } from '../src/saml/index.js';
import { ATTRIBUTES_OF_8_KB, prepareLogin, subjectOf, type Login, type LoginKind } from './logins.js';
import { fittedExponent, measure, medianCost, medianRatio, type Cost, type Effort, type Subject } from './measure.js';
import { lassoCost } from './peers/lasso.js';
import { nodeSamlValidation } from './peers/node-saml.js';
import { samlifyValidation } from './peers/samlify.js';
import { xmlCryptoTransform } from './peers/xml-crypto.js';
import { bareRsa, pooledRsa } from './rsa.js';

/** One line of the report. */
export interface Row {
  readonly name: string;
  readonly bytes: number;
  /** RSA operations in it: signatures, verifications. */
  readonly rsa: readonly [number, number];
  readonly cost: Cost;
  /** To the RSA operations alone, on the main thread. */
  readonly ratio: Cost;
  /** To the same operations through the thread pool. */
  readonly pooledRatio: Cost;
}

const OKTA: LoginKind = { shape: 'okta', attributes: ATTRIBUTES_OF_8_KB, sign: 'assertion' };

async function rowsOf(kinds: Readonly<Record<string, LoginKind>>, effort: Effort): Promise<Row[]> {
  const logins: [string, Login][] = [];
  for (const [name, kind] of Object.entries(kinds)) logins.push([name, await prepareLogin(kind)]);
  const subjects = logins.flatMap(([name, login]): Subject[] => [
    subjectOf(name, login),
    bareRsa(`${name}: RSA`, login.signatures, login.verifications),
    pooledRsa(`${name}: pooled RSA`, login.signatures, login.verifications),
  ]);
  const samples = await measure(subjects, effort);
  return logins.map(([name, { bytes, signatures, verifications }]) => ({
    name,
    bytes: bytes.length,
    rsa: [signatures, verifications],
    cost: medianCost(samples, name),
    ratio: medianRatio(samples, name, `${name}: RSA`),
    pooledRatio: medianRatio(samples, name, `${name}: pooled RSA`),
  }));
}

/** The figure that the guard holds: verify 2, inject, sign 1; and the same with two signatures. */
export function headline(effort: Effort): Promise<Row[]> {
  return rowsOf({ 'Okta 8 KB, sign the assertion': OKTA, 'Okta 8 KB, sign both': { ...OKTA, sign: 'both' } }, effort);
}

const SHAPES = { Okta: 'okta', 'Entra ID': 'entra-id', 'AD FS': 'ad-fs', Google: 'google' } as const;
const COUNTS = [10, 100, 1000];

/** Each shape with each number of attributes, encrypted, and with two signatures of ours. */
export function shapes(effort: Effort): Promise<Row[]> {
  const kinds: Record<string, LoginKind> = {};
  for (const [name, shape] of Object.entries(SHAPES)) {
    for (const attributes of COUNTS) kinds[`${name}, ${attributes} attributes`] = { ...OKTA, shape, attributes };
    kinds[`${name}, sign both`] = { ...OKTA, shape, sign: 'both' };
    kinds[`${name}, encrypted (decryption is not in the RSA column)`] = { ...OKTA, shape, encrypted: true };
  }
  return rowsOf(kinds, effort);
}

export interface Growth {
  readonly rows: readonly Row[];
  /** Of processor time, less that of the RSA operations, against size, over all rows. */
  readonly exponent: number;
  /** The same over the larger half, where what every login costs counts for little. */
  readonly upperExponent: number;
}

const STEPS = 6;

/** From 8 KB to the largest message that is taken, in steps of one factor. */
async function growingCounts(): Promise<number[]> {
  const sizeOf = async (attributes: number) => (await prepareLogin({ ...OKTA, attributes })).bytes.length;
  const least = await sizeOf(ATTRIBUTES_OF_8_KB);
  // Their numbers have up to three digits, in several places.
  const each = (await sizeOf(ATTRIBUTES_OF_8_KB + 100)) / 100 - least / 100 + 4;
  const most = ATTRIBUTES_OF_8_KB + Math.floor((defaultMessageLimit - least) / each);
  return Array.from({ length: STEPS }, (_, step) => {
    const size = least * ((most * each) / least) ** (step / (STEPS - 1));
    return Math.max(ATTRIBUTES_OF_8_KB, Math.min(most, Math.round(ATTRIBUTES_OF_8_KB + (size - least) / each)));
  });
}

/** The document grows, the RSA operations stay, so they are taken off before the exponent is fitted. */
export async function growth(effort: Effort): Promise<Growth> {
  const counts = await growingCounts();
  const kinds = counts.map((attributes) => [`Okta, ${attributes} attributes`, { ...OKTA, attributes }] as const);
  const rows = await rowsOf(Object.fromEntries(kinds), effort);
  const points = rows.map(({ bytes, cost, ratio }) => {
    const rsa = cost.processor / ratio.processor;
    return [bytes, cost.processor - rsa] as const;
  });
  return { rows, exponent: fittedExponent(points), upperExponent: fittedExponent(points.slice(STEPS / 2)) };
}

export interface Peer {
  readonly name: string;
  /** What it does of a login. */
  readonly does: string;
  readonly cost: Cost;
  /** How many times as much as our own for the same part. */
  readonly ratio: Cost;
}

/** Other implementations on the very same document, in the same run. */
export async function peers(effort: Effort): Promise<Peer[]> {
  const login = await prepareLogin(OKTA);
  const [xml, base64] = [login.bytes.toString('utf8'), login.bytes.toString('base64')];
  const [whole, part] = ['ours: whole login', 'ours: validation'];
  const samples = await measure(
    [
      subjectOf(whole, login),
      { name: part, run: () => login.receive() },
      { name: 'xml-crypto', run: () => xmlCryptoTransform(xml) },
      { name: 'samlify', run: await samlifyValidation(base64) },
      { name: 'node-saml', run: nodeSamlValidation(base64) },
    ],
    effort,
  );
  const peer = (name: string, does: string, base: string): Peer => {
    return { name, does, cost: medianCost(samples, name), ratio: medianRatio(samples, name, base) };
  };
  const found = [
    peer(whole, 'validate, inject, sign', whole),
    peer('xml-crypto', 'verify, inject, sign', whole),
    peer(part, 'validate', part),
    peer('samlify', 'validate', part),
    peer('node-saml', 'validate', part),
  ];
  const lasso = await lassoCost(login.bytes, effort.rounds, 20);
  if (lasso === null) return found;
  const own = medianCost(samples, part);
  const ratio = { elapsed: lasso.elapsed / own.elapsed, processor: lasso.processor / own.processor };
  return [...found, { name: 'Lasso (C)', does: 'validate', cost: lasso, ratio }];
}
