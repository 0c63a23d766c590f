import { family } from './entry.js';

/** The store, the queue and the SCIM client. */
export const provisioningErrors = family({
  STORE_UNAVAILABLE: {
    status: 503,
    public: 'unavailable',
    meaning: 'The store did not answer, so a replay could not be ruled out or a job not be queued.',
    remedy:
      'Redis: bring it back; `onStoreFailure: local` keeps logins going meanwhile. Embedded: make its directory writable for this account, or change `store`.',
  },
  SEALED_KEY_UNKNOWN: {
    status: 500,
    public: 'internal',
    meaning: 'A stored record was encrypted with a data key that this process does not have.',
    remedy: 'Add the earlier data key to the previous ones in gateway.yaml, and start again.',
  },
  SEALED_RECORD_DAMAGED: {
    status: 500,
    public: 'internal',
    meaning: 'A stored record was altered, cut short, or belongs to another entry.',
    remedy:
      'Look who else can write to the store. A dead letter of this kind can be dismissed; the next login queues anew.',
  },
  DEAD_LETTER_UNKNOWN: {
    status: 404,
    public: 'not-found',
    meaning: 'There is no dead letter with this id.',
    remedy: 'List them with `claims-gateway dead-letters list`; another person may have retried or dismissed it.',
  },
});
