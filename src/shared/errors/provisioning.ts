import { family } from './entry.js';

/** The store, the queue and the SCIM client. */
export const provisioningErrors = family({
  STORE_UNAVAILABLE: {
    status: 503,
    public: 'unavailable',
    meaning: 'The store did not answer, so a replay could not be ruled out.',
    remedy: 'Bring the store back; `onStoreFailure: local` keeps logins going meanwhile.',
  },
});
