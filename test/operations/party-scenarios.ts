import { open as openFile } from 'node:fs/promises';
import { approveCertificate } from '../../src/app/metadata/index.js';
import { openNewFile, type OpenSegment } from '../../src/observe/index.js';
import { ENTITY, httpServer, metadataXml } from '../app/metadata/support.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRedis } from '../support/redis.js';
import { startRunning, type Running } from '../support/running.js';
import type { Faulty, Scenario } from './fault.js';
import type { Test } from 'tap';

const okta = idpContent({ unsolicited: 'allow' });

/** Redis goes away and comes back; one login meets its absence. */
function store(onStoreFailure: 'refuse' | 'local', series: string): Scenario['start'] {
  return async (t) => {
    const redis = await startRedis(t);
    const running = await startRunning(t, {
      gateway: { store: redis.url, onStoreFailure, dataDirectory: './data' },
      idps: { okta },
    });
    return {
      running,
      cause: async () => {
        await redis.kill();
        const { status } = await logIn({ publicUrl: running.publicUrl });
        t.equal(status, onStoreFailure === 'local' ? 200 : 503);
      },
      mend: () => redis.restart(),
      series,
      shows: (value) => value !== null && value > 0,
    };
  };
}

/** Metadata that was good for an hour is past its end, and no other can be had. */
function lapse(
  running: Running,
  served: { down: boolean; validUntil: number | undefined },
): Pick<Faulty, 'cause' | 'mend'> {
  return {
    cause: () => {
      served.down = true;
      running.shift(3_700_000);
    },
    mend: () => {
      served.validUntil = running.now() + 3_600_000;
      served.down = false;
    },
  };
}

/** An IdP whose metadata is fetched again and again, about every second. */
async function published(t: Test, options: { readonly validFor?: number; readonly ownKeys?: boolean } = {}) {
  const pairs = [rsaKeyPair(2048, 'idp')];
  const served = { down: false, validUntil: undefined as number | undefined, pairs };
  const server = await httpServer(t, (_request, response) => {
    const { down, validUntil } = served;
    if (down) response.writeHead(503).end();
    else {
      const until = validUntil === undefined ? {} : { validUntil };
      response.end(metadataXml(served.pairs, { cacheDuration: 'PT1S', ...until }));
    }
  });
  if (options.validFor !== undefined) served.validUntil = Date.now() + options.validFor;
  const url = `http://127.0.0.1:${server.port}/metadata`;
  const { entityId, certificates, sso, ...rest } = okta;
  const own = { entityId: ENTITY, certificates, unsolicited: 'refuse' };
  const running = await startRunning(t, {
    gateway: { dataDirectory: './data' },
    idps: { okta: { ...rest, ...(options.ownKeys && own), metadata: { url, allowPrivateAddress: true } } },
    services: { pace: { metadata: { shortestInterval: 500, retryAfter: 300, pollEvery: 300 } } },
  });
  t.ok(entityId !== ENTITY && certificates !== undefined && sso !== undefined, 'all of it comes from the metadata');
  return { running, served };
}

const devFull: OpenSegment = async () => {
  const handle = await openFile('/dev/full', 'w');
  return handle;
};

/** One login, at the IdP's own time. */
function loginAt(running: Running, ahead: number) {
  return logIn({ publicUrl: running.publicUrl, now: running.now() + ahead });
}

function clockOff(ahead: number, status: number): Scenario['start'] {
  return async (t): Promise<Faulty> => {
    const running = await startRunning(t, { idps: { okta } });
    return {
      running,
      cause: async () => {
        t.equal((await loginAt(running, ahead)).status, status);
      },
      mend: () => loginAt(running, 0),
      series: 'idp_clock_difference_seconds{idp="okta"}',
      shows: (value) => value !== null && Math.abs(value * 1000 - ahead) < 10_000,
    };
  };
}

export const partyScenarios: Readonly<Record<string, Scenario>> = {
  'store down': { start: store('refuse', 'store_errors_total{operation="claim_once"}') },
  'store down, logins go on': { start: store('local', 'store_fallbacks_total') },
  'metadata unreachable': {
    start: async (t) => {
      const { running, served } = await published(t);
      return {
        running,
        cause: () => {
          served.down = true;
        },
        mend: () => {
          served.down = false;
        },
        series: 'idp_metadata_age_seconds{idp="okta"}',
        shows: (value) => value !== null && value > 1,
      };
    },
  },
  'metadata expired': {
    start: async (t) => {
      const { running, served } = await published(t, { validFor: 3_600_000 });
      return {
        running,
        ...lapse(running, served),
        series: 'expiry_seconds{kind="idp_metadata",owner="okta"}',
        shows: (value) => value !== null && value < 0,
      };
    },
  },
  'no address of the identity provider': {
    start: async (t) => {
      const { running, served } = await published(t, { validFor: 3_600_000, ownKeys: true });
      return {
        running,
        ...lapse(running, served),
        series: 'health_check_state{check="idp-okta-sso"}',
        shows: (value) => value === 2,
      };
    },
  },
  'new identity provider certificate waits': {
    start: async (t) => {
      const { running, served } = await published(t);
      const next = rsaKeyPair(2048, 'idp-next');
      return {
        running,
        cause: () => {
          served.pairs.push(next);
        },
        mend: async () => {
          const { dataDirectory, idps } = running.application.generation.config;
          const source = idps[0]?.metadata;
          if (source === undefined) throw new Error('no metadata');
          const { fingerprint } = next.verificationKey();
          await approveCertificate({ dataDirectory, name: 'okta', source, fingerprint });
        },
        series: 'health_check_state{check="idp-okta-metadata"}',
        shows: (value) => value === 1,
      };
    },
  },
  'clock off': { start: clockOff(120_000, 200) },
  'clock off, logins refused': { start: clockOff(600_000, 403) },
  'disk of the audit log full': {
    start: async (t) => {
      const disk = { full: false };
      // A real ENOSPC of the kernel, in the place of each write.
      const openAuditSegment: OpenSegment = async (file) => {
        if (disk.full) return devFull(file);
        const handle = await openNewFile(file);
        return {
          write: async (bytes, offset, length) => {
            if (!disk.full) return handle.write(bytes, offset, length);
            const full = await devFull(file);
            return full.write(bytes, offset, length).finally(() => full.close());
          },
          datasync: () => handle.datasync(),
          close: () => handle.close(),
        };
      };
      const running = await startRunning(t, { idps: { okta }, services: { openAuditSegment } });
      return {
        running,
        cause: async () => {
          disk.full = true;
          t.equal((await logIn({ publicUrl: running.publicUrl })).status, 200, 'the login goes on');
        },
        mend: () => {
          disk.full = false;
        },
        series: 'audit_waiting_lines',
        shows: (value) => value !== null && value > 0,
      };
    },
  },
};
