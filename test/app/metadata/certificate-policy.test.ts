import t from 'tap';
import {
  isFit,
  isLapsed,
  judgeDocument,
  sortCertificates,
  type CertificateRules,
  type Known,
  type MetadataFacts,
} from '../../../src/app/metadata/certificate-policy.js';
import { generateKeyPairSync } from 'node:crypto';
import { ecKeyPair, keyPairOf, rsaKeyPair } from '../../support/pki.js';

const NOW = Date.UTC(2026, 5, 1);
const [a, b, c] = ['a', 'b', 'c'].map((name) => ecKeyPair('prime256v1', name).verificationKey()) as [
  ReturnType<ReturnType<typeof ecKeyPair>['verificationKey']>,
  ReturnType<ReturnType<typeof ecKeyPair>['verificationKey']>,
  ReturnType<ReturnType<typeof ecKeyPair>['verificationKey']>,
];
const ended = keyPairOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey, {
  notAfter: new Date(NOW),
}).verificationKey();

const HOLD: CertificateRules = {
  onNewCertificate: 'hold',
  keys: { allowRsa1024: false, refuseExpiredCertificates: false },
  certificateRequired: true,
  expectedEntityId: null,
};
const TRUST: CertificateRules = { ...HOLD, onNewCertificate: 'trust' };
const FIRST: Known = { entityId: null, accepted: null, approved: new Set() };
const after = (
  accepted: readonly { fingerprint: string }[],
  approved: readonly { fingerprint: string }[] = [],
): Known => ({
  entityId: 'idp',
  accepted: new Set(accepted.map(({ fingerprint }) => fingerprint)),
  approved: new Set(approved.map(({ fingerprint }) => fingerprint)),
});
const document = (facts: Partial<MetadataFacts>): MetadataFacts => ({
  entityId: 'idp',
  signingKeys: [a],
  validUntil: null,
  cacheDurationMs: null,
  ...facts,
});

t.test('hold: the first document is taken as it is, a later certificate waits', (t) => {
  t.match(judgeDocument(document({ signingKeys: [a, b] }), FIRST, HOLD, NOW), {
    usable: [a, b],
    candidates: [],
    refusal: null,
  });
  t.match(judgeDocument(document({ signingKeys: [a, b] }), after([a]), HOLD, NOW), {
    usable: [a],
    candidates: [b],
    refusal: null,
  });
  t.end();
});

t.test('hold: an approved certificate verifies, the others go on waiting', (t) => {
  t.match(judgeDocument(document({ signingKeys: [a, b, c] }), after([a], [c]), HOLD, NOW), {
    usable: [a, c],
    candidates: [b],
  });
  t.end();
});

t.test('hold: a document with nothing but new certificates does not replace the last good one', (t) => {
  const judged = judgeDocument(document({ signingKeys: [b] }), after([a]), HOLD, NOW);
  t.match(judged, { usable: [], candidates: [b], refusal: { code: 'METADATA_NO_USABLE_CERTIFICATE' } });
  t.equal(judgeDocument(document({ signingKeys: [b] }), after([a], [b]), HOLD, NOW).refusal, null);
  t.end();
});

t.test('hold: what was accepted is not accepted for ever', (t) => {
  const { candidates } = judgeDocument(document({ signingKeys: [a, b] }), after([b]), HOLD, NOW);
  t.strictSame(candidates, [a], 'a was withdrawn before and is new again');
  t.end();
});

t.test('trust: a new certificate verifies at once, a withdrawn one no more', (t) => {
  t.match(judgeDocument(document({ signingKeys: [b] }), after([a]), TRUST, NOW), {
    usable: [b],
    candidates: [],
    refusal: null,
  });
  t.strictSame(sortCertificates([b], after([a]), 'trust').usable, [b]);
  t.end();
});

t.test('a document whose certificates could not verify anything is refused under either policy', (t) => {
  const strict = { allowRsa1024: false, refuseExpiredCertificates: true };
  const short = rsaKeyPair(1024).verificationKey();
  for (const rules of [TRUST, HOLD]) {
    for (const known of [FIRST, after([a])]) {
      for (const signingKeys of [[], [short], [short, ended]]) {
        const judged = judgeDocument(document({ signingKeys }), known, { ...rules, keys: strict }, NOW);
        t.match(judged.refusal, { code: 'METADATA_NO_USABLE_CERTIFICATE' });
      }
    }
  }
  t.end();
});

t.test('a short key and an ended certificate are fit where the IdP file says so', (t) => {
  const short = rsaKeyPair(1024).verificationKey();
  t.notOk(isFit(short, { allowRsa1024: false, refuseExpiredCertificates: false }, NOW));
  t.ok(isFit(short, { allowRsa1024: true, refuseExpiredCertificates: false }, NOW));
  t.ok(isFit(ended, { allowRsa1024: false, refuseExpiredCertificates: false }, NOW));
  t.notOk(isFit(ended, { allowRsa1024: false, refuseExpiredCertificates: true }, NOW));
  t.ok(isFit(ended, { allowRsa1024: false, refuseExpiredCertificates: true }, NOW - 1));
  t.notOk(
    isFit(ended, { allowRsa1024: false, refuseExpiredCertificates: true }, Date.UTC(2019, 0, 1)),
    'not yet valid',
  );
  t.end();
});

t.test('without need of a certificate a document may have none, unless one was in use before', (t) => {
  const rules = { ...HOLD, certificateRequired: false };
  t.equal(judgeDocument(document({ signingKeys: [] }), FIRST, rules, NOW).refusal, null);
  t.equal(judgeDocument(document({ signingKeys: [] }), after([]), rules, NOW).refusal, null);
  t.match(judgeDocument(document({ signingKeys: [] }), after([a]), rules, NOW).refusal, {
    code: 'METADATA_NO_USABLE_CERTIFICATE',
  });
  t.end();
});

t.test('another entity is refused, and its certificates are not offered', (t) => {
  const foreign = document({ entityId: 'other', signingKeys: [b] });
  for (const rules of [HOLD, TRUST]) {
    t.match(judgeDocument(foreign, after([a]), rules, NOW), {
      candidates: [],
      refusal: { code: 'METADATA_ENTITY_CHANGED' },
    });
    t.match(judgeDocument(foreign, FIRST, { ...rules, expectedEntityId: 'idp' }, NOW).refusal, {
      code: 'METADATA_ENTITY_CHANGED',
    });
  }
  t.equal(
    judgeDocument(foreign, after([a]), { ...TRUST, expectedEntityId: 'other' }, NOW).refusal,
    null,
    'the operator says so',
  );
  t.end();
});

t.test('a document lapses at its validUntil, to the millisecond', (t) => {
  const timed = document({ validUntil: NOW });
  t.notOk(isLapsed(timed, NOW - 1));
  t.ok(isLapsed(timed, NOW));
  t.notOk(isLapsed(document({}), NOW));
  t.match(judgeDocument(timed, FIRST, TRUST, NOW).refusal, { code: 'METADATA_EXPIRED', message: /2026-06-01/ });
  t.equal(judgeDocument(timed, FIRST, TRUST, NOW - 1).refusal, null);
  t.end();
});
