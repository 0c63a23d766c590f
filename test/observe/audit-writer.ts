// A process that writes audit lines until it is killed. Run by audit-crash.test.ts.
import { systemClock } from '../../src/shared/index.js';
import { AuditLog, openNewFile, type OpenSegment } from '../../src/observe/index.js';

const [file = '', instance = '', mode = ''] = process.argv.slice(2);

/** Writes half of what it is given once the marked event comes, and kills this very process. */
const tearing: OpenSegment = async (path) => {
  const handle = await openNewFile(path);
  return {
    write: async (bytes, offset) => {
      if (!Buffer.from(bytes).includes('"reference":"tear"')) return handle.write(bytes, offset);
      await handle.write(bytes, offset, Math.floor((bytes.length - offset) / 2));
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    },
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  };
};

const log = await AuditLog.open({
  file,
  instance,
  clock: systemClock,
  maxWait: 15_000,
  ...(mode === 'tear' && { openSegment: tearing }),
});
if (mode === 'tear') {
  await log.append({ event: 'login', code: 'OK', reference: 'kept' });
  await log.append({ event: 'login', code: 'OK', reference: 'tear' });
} else {
  for (let count = 0; ; count += 1) {
    const written = await log.append({ event: 'login', code: 'OK', reference: `r${count}`, detail: 'x'.repeat(900) });
    if (written) process.stdout.write(`${count}\n`);
  }
}
