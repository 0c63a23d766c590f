import { family } from './entry.js';

/** Configuration and key files: told to the operator at start, never to a browser. */
export const configErrors = family({
  LISTEN_FAILED: {
    status: 500,
    public: 'internal',
    meaning: 'A listener could not be opened: the port is taken, or not ours to open.',
    remedy: 'End the program that holds the port, or change `listen` or `operations` in gateway.yaml.',
  },
  CONFIG_INVALID: {
    status: 500,
    public: 'internal',
    meaning: 'The configuration has faults.',
    remedy: 'Run `claims-gateway check-config` and mend every line that it prints.',
  },
  KEY_UNREADABLE: {
    status: 500,
    public: 'internal',
    meaning: 'A key or certificate file cannot be read.',
    remedy: 'Mend the path, the mode or the content of the file that the detail names.',
  },
  KEY_UNFIT: {
    status: 500,
    public: 'internal',
    meaning: 'A key does not fit its certificate, its use or its algorithm.',
    remedy: 'Make a fit one with `claims-gateway keys generate`, or change `signing.algorithm`.',
  },
  KEY_REQUEST_INVALID: {
    status: 500,
    public: 'internal',
    meaning: 'A key, or a step of one, was asked for with a value that is not allowed.',
    remedy: 'Give a value as the detail says; `--help` of the command lists the options.',
  },
  FILE_UNWRITABLE: {
    status: 500,
    public: 'internal',
    meaning: 'A key or gateway.yaml cannot be written; nothing was changed.',
    remedy: 'Run the command as the account that owns the directory, or give this one write access.',
  },
  FILE_UNREADABLE: {
    status: 500,
    public: 'internal',
    meaning: 'What the gateway keeps on this machine cannot be read, so nothing can be said about it.',
    remedy:
      'Run the command as the account that runs the gateway; where that may not read it either, see what became of it.',
  },
  KEY_EXISTS: {
    status: 500,
    public: 'internal',
    meaning: 'There is a key of that name already; nothing is ever written over.',
    remedy: 'Choose another id.',
  },
  KEY_UNKNOWN: {
    status: 500,
    public: 'internal',
    meaning: 'gateway.yaml has no such key.',
    remedy: 'Look at `claims-gateway keys list`.',
  },
  KEY_IMPORT_FAILED: {
    status: 500,
    public: 'internal',
    meaning: 'The file holds no private key with its certificate, or the passphrase is wrong.',
    remedy:
      'Export the key together with its certificate, as PEM or PKCS#12; `--passphrase-file` names the file with its passphrase.',
  },
  KEY_STATE: {
    status: 500,
    public: 'internal',
    meaning: 'The state of the key does not allow that step.',
    remedy: 'A key goes from next to active to retired; promote another one before the active one is retired.',
  },
  KEY_TOO_YOUNG: {
    status: 500,
    public: 'internal',
    meaning: 'The key has not been published for 48 hours, so the service provider may not know it yet.',
    remedy: 'Wait, or force the promotion with a reason after the new metadata was loaded there by hand.',
  },
});
