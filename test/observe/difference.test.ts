import t from 'tap';
import { attributeDifference, readReference } from '../../src/observe/index.js';
import { createIdSource } from '../../src/shared/index.js';

t.test('the attribute difference tells what happened to each name and shows no value', (t) => {
  const difference = attributeDifference(
    [
      { name: 'kept', values: ['same'] },
      { name: 'gone', values: ['x'] },
      { name: 'many', values: ['one'] },
      { name: 'many', values: ['two'] },
    ],
    [
      { name: 'kept', values: ['same'] },
      { name: 'many', values: ['one', 'three'] },
      { name: 'new', values: ['same'] },
    ],
    new Uint8Array(32),
  );
  t.same(
    difference.map(({ name, change, before, after }) => [name, change, before.length, after.length]),
    [
      ['kept', 'same', 1, 1],
      ['gone', 'dropped', 1, 0],
      ['many', 'changed', 2, 2],
      ['new', 'added', 0, 1],
    ],
  );
  t.equal(difference[0]?.before[0]?.fingerprint, difference[3]?.after[0]?.fingerprint, 'equal values look equal');
  t.not(difference[2]?.before[1]?.fingerprint, difference[2]?.after[1]?.fingerprint);
  t.notMatch(JSON.stringify(difference), /three|"two"/);
  t.end();
});

t.test('a reference is read as it is heard over the telephone', (t) => {
  t.equal(readReference('7q2x-0k1m-zz9t'), '7Q2X-0K1M-ZZ9T');
  t.equal(readReference(' 7Q2XOKIM ZZ9T '), '7Q2X-0K1M-ZZ9T', 'O is 0, I is 1');
  t.equal(readReference('7Q2X-0KLM-ZZ9T'), '7Q2X-0K1M-ZZ9T', 'L is 1');
  for (const wrong of ['', '7Q2X-0K1M-ZZ9', '7Q2X-0K1M-ZZ9TT', '7Q2X-0K1M-ZZ9U', "'; DROP"])
    t.equal(readReference(wrong), null, wrong);
  const reference = createIdSource().reference();
  t.equal(readReference(reference.toLowerCase()), reference);
  t.end();
});
