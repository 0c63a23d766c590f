import t from 'tap';
import { DiskRoom } from '../../src/shared/index.js';
import { smallDisk } from '../support/small-disk.js';

const MEGABYTE = 1_048_576;

function roomOn(free: number, whole: number): DiskRoom {
  return new DiskRoom('/data', () => ({ free, whole }));
}

t.test('of a large disk 32 MiB are left free, of a small one a tenth', (t) => {
  t.doesNotThrow(() => {
    roomOn(32 * MEGABYTE, 1_000 * MEGABYTE).require();
  });
  t.doesNotThrow(() => {
    roomOn(2 * MEGABYTE, 20 * MEGABYTE).require();
  });
  for (const [free, whole] of [
    [32 * MEGABYTE - 1, 1_000 * MEGABYTE],
    [2 * MEGABYTE - 1, 20 * MEGABYTE],
    [0, 20 * MEGABYTE],
  ] as const) {
    t.throws(
      () => {
        roomOn(free, whole).require();
      },
      { code: 'STORE_UNAVAILABLE', message: /no space left on the disk of \/data: \d+ KiB are free/ },
    );
  }
  t.end();
});

t.test('it looks again after a tenth of a second, not at every write', async (t) => {
  let looks = 0;
  let free = 0;
  const room = new DiskRoom('/data', () => {
    looks += 1;
    return { free, whole: 1 };
  });
  const began = performance.now();
  for (let at = 0; at < 50; at++)
    t.throws(
      () => {
        room.require();
      },
      { code: 'STORE_UNAVAILABLE' },
    );
  // One, unless the machine stood still meanwhile.
  t.ok(looks <= 1 + Math.floor((performance.now() - began) / 100), `${looks} looks`);
  const before = looks;
  free = 1;
  await new Promise((resolve) => setTimeout(resolve, 150));
  t.doesNotThrow(() => {
    room.require();
  });
  t.equal(looks, before + 1);
});

t.test('a file system that does not tell is taken to have room', (t) => {
  const room = new DiskRoom('/nowhere/at/all');
  t.doesNotThrow(() => {
    room.require();
  });
  t.end();
});

t.test('a real disk: room, full, room again', async (t) => {
  const disk = await smallDisk(t, 4 * MEGABYTE);
  if (disk === null) {
    t.comment('no file system can be mounted here');
    return;
  }
  const require = (): void => {
    new DiskRoom(disk.path).require();
  };
  t.doesNotThrow(require);
  await disk.fill();
  t.throws(require, { code: 'STORE_UNAVAILABLE', message: /: 0 KiB are free/ });
  await disk.free();
  t.doesNotThrow(require);
});
