import { family } from './entry.js';

/** Configuration and key files: told to the operator at start, never to a browser. */
export const configErrors = family({
  CONFIG_INVALID: {
    status: 500,
    public: 'internal',
    meaning: 'The configuration has faults.',
    remedy: 'Run `claims-gateway check-config` and mend every line that it prints.',
  },
});
