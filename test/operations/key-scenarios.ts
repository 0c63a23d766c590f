import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { idpContent } from '../support/configuration.js';
import { forgedGeneration } from '../support/forged-generation.js';
import { rsaKeyPair, selfSignedCertificate } from '../support/pki.js';
import { startRunning } from '../support/running.js';
import type { Scenario } from './fault.js';

const DAY = 86_400_000;
const okta = idpContent({ unsolicited: 'allow' });

function certificate(name: string, days: number): string {
  const options = { commonName: name, notAfter: new Date(Date.now() + days * DAY) };
  return selfSignedCertificate(rsaKeyPair(2048, name).privateKey, options);
}

/** The signing certificate ends after 100 days; the clock goes on by `days`. */
function signingKey(days: number): Scenario['start'] {
  return async (t) => {
    const running = await startRunning(t, {
      idps: { okta },
      files: { 'certs/test.crt': certificate('gateway', 100) },
    });
    return {
      running,
      cause: () => {
        running.shift(days * DAY);
      },
      mend: () => {
        running.configuration.write('certs/test.crt', certificate('gateway', 1000));
      },
      series: 'expiry_seconds{kind="signing",owner="test"}',
      shows: (value) => value !== null && Math.abs(value - (100 - days) * 86_400) < 60,
    };
  };
}

/** The IdP's only certificate ends after 100 days; the clock goes on by `days`. */
function idpCertificate(days: number): Scenario['start'] {
  return async (t) => {
    const content = (until: number) =>
      idpContent({
        certificates: [certificate('idp', until)],
        signature: { expiredCertificates: 'refuse' },
      });
    const running = await startRunning(t, { idps: { okta: content(100) } });
    return {
      running,
      cause: () => {
        running.shift(days * DAY);
      },
      mend: () => {
        running.configuration.idp('okta', content(1000));
      },
      series: 'expiry_seconds{kind="idp_certificate",owner="okta"}',
      shows: (value) => value !== null && Math.abs(value - (100 - days) * 86_400) < 60,
    };
  };
}

/** What is written into the IdP's file, and taken out again. */
function written(changes: Readonly<Record<string, unknown>>, check: string, shown: number): Scenario {
  return {
    start: async (t) => {
      const running = await startRunning(t, { idps: { okta } });
      return {
        running,
        cause: () => {
          running.configuration.idp('okta', { ...okta, ...changes });
        },
        mend: () => {
          running.configuration.idp('okta', okta);
        },
        series: `health_check_state{check="${check}"}`,
        shows: (value) => value === shown,
      };
    },
  };
}

export const keyScenarios: Readonly<Record<string, Scenario>> = {
  'signing key about to expire': { start: signingKey(80) },
  'signing key expired': { start: signingKey(101) },
  'identity provider certificate about to expire': { start: idpCertificate(80) },
  'identity provider certificate expired': { start: idpCertificate(101) },
  'another certificate about to expire': {
    start: async (t) => {
      const { privateKeyPem } = rsaKeyPair(2048, 'decryption');
      const running = await startRunning(t, {
        gateway: { decryption: { keys: [{ id: 'd1', key: 'certs/d1.key', cert: 'certs/d1.crt', state: 'active' }] } },
        idps: { okta },
        files: { 'certs/d1.key': privateKeyPem, 'certs/d1.crt': certificate('decryption', 100) },
      });
      return {
        running,
        cause: () => {
          running.shift(80 * DAY);
        },
        mend: () => {
          running.configuration.write('certs/d1.crt', certificate('decryption', 1000));
        },
        series: 'expiry_seconds{kind="decryption",owner="d1"}',
        shows: (value) => value !== null && value < 21 * 86_400,
      };
    },
  },
  'key unreadable': {
    start: async (t) => {
      const running = await startRunning(t, { idps: { okta } });
      return {
        running,
        cause: () => {
          rmSync(join(running.root, 'certs/test.key'));
        },
        mend: () => {
          running.configuration.write('certs/test.key', rsaKeyPair(2048, 'gateway').privateKeyPem);
        },
        series: 'health_check_state{check="configuration"}',
        shows: (value) => value === 2,
      };
    },
  },
  'configuration rejected': written({ unsolicited: 'perhaps' }, 'configuration', 2),
  'identity provider key too short': written(
    { certificates: [rsaKeyPair(1024, 'short').certificatePem] },
    'idp-okta-certificate',
    2,
  ),
  'rules loosened for an identity provider': written({ signature: { allowSha1: true } }, 'concessions', 1),
  'setting waits for a restart': {
    start: async (t) => {
      const running = await startRunning(t, { idps: { okta } });
      return {
        running,
        cause: () => {
          running.rewrite({ logging: { level: 'warn' } });
        },
        mend: () => {
          running.rewrite({});
        },
        series: 'health_check_state{check="configuration"}',
        shows: (value) => value === 1,
      };
    },
  },
  'canary failing': {
    start: async (t) => {
      const running = await startRunning(t, { idps: { okta }, services: { pace: { canary: 200 } } });
      const { application, configuration } = running;
      const sound = application.generation.config;
      return {
        running,
        cause: () => application.adopt(forgedGeneration(application, configuration.directory)),
        mend: () => application.adopt(application.makeGeneration(sound)),
        series: 'health_check_state{check="canary"}',
        shows: (value) => value === 2,
      };
    },
  },
};
