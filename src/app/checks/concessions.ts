import type { HealthCheck } from '../../observe/index.js';
import type { Generation } from '../generation.js';

/** What an IdP's file allows below the rules' standard: a warning for as long as it stands. */
export function concessionsCheck(current: () => Generation): HealthCheck {
  return {
    name: 'concessions',
    readiness: false,
    run: () => {
      const named = current().idps.flatMap(({ name, signature, encryption }) =>
        [
          signature.allowSha1 ? 'SHA-1 signatures' : '',
          signature.allowRsa1024 ? 'RSA keys of 1024 bits' : '',
          encryption.allowUnsignedCbc ? 'unsigned AES-CBC' : '',
        ]
          .filter((each) => each !== '')
          .map((each) => `${name}: ${each}`),
      );
      if (named.length === 0) return { state: 'pass', detail: 'Every identity provider is held to the full rules.' };
      return {
        state: 'warn',
        detail: `Allowed below the standard: ${named.join('; ')}.`,
        remedy:
          'Have the identity provider sign with RSA-SHA256 and 2048 bits, and take the permission out of its file.',
      };
    },
  };
}
