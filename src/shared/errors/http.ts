import { family } from './entry.js';

/** The public HTTP surface. */
export const httpErrors = family({
  HTTP_NOT_FOUND: {
    status: 404,
    public: 'not-found',
    meaning: 'No such path, or no such identity provider.',
    remedy: 'Compare the URL with the ones that `claims-gateway metadata` prints.',
  },
  INTERNAL: {
    status: 500,
    public: 'internal',
    meaning: 'A fault of the program.',
    remedy: 'Report it with the log lines that carry this reference id.',
  },
});
