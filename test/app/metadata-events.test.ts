import t from 'tap';
import { certificateEvents } from '../../src/app/metadata-events.js';

const status = (usable: readonly string[], waiting: readonly string[] = []) => ({
  name: 'okta',
  usable,
  candidates: waiting.map((fingerprint) => {
    return { fingerprint, subject: null, notBefore: null, notAfter: null, firstSeen: 0 };
  }),
});

const events = (...[before, now]: Parameters<typeof certificateEvents>) =>
  certificateEvents(before, now).map(({ decision, certificate }) => `${decision ?? ''} ${certificate ?? ''}`);

t.test('what became of each certificate is told, once', (t) => {
  t.strictSame(certificateEvents(status(['a']), status(['a'], ['b'])), [
    { event: 'metadata', idp: 'okta', decision: 'hold', certificate: 'b' },
  ]);
  t.strictSame(events(status(['a'], ['b']), status(['a'], ['b'])), []);
  t.strictSame(events(status(['a'], ['b']), status(['a', 'b'])), ['approve b']);
  t.strictSame(events(status(['a'], ['b']), status(['a'])), [], 'one that was withdrawn never counted');
  t.strictSame(events(status(['a']), status(['c', 'd'], ['e'])), ['hold e', 'accept c', 'accept d', 'remove a']);
  t.strictSame(events(status([]), status(['a'])), ['accept a'], 'the first document ever');
  t.end();
});

t.test('after a start only what waits is told: the others were before', (t) => {
  t.strictSame(events(undefined, status(['a'], ['b'])), ['hold b']);
  t.end();
});
