import { addressing } from './addressing.js';
import { algorithms } from './algorithms.js';
import { familyOf, type Attack } from './attack.js';
import { bombs } from './bombs.js';
import { doctype } from './doctype.js';
import { domainKeys } from './domain-keys.js';
import { encodings } from './encodings.js';
import { encryption } from './encryption.js';
import { exclusion, stranger } from './exclusion.js';
import { forms } from './forms.js';
import { lexical } from './lexical.js';
import { namespaces } from './namespaces.js';
import { references } from './references.js';
import { replays } from './replays.js';
import { signatureValues } from './signature-values.js';
import { signedInfo } from './signed-info.js';
import { statuses } from './statuses.js';
import { conditions, subjects } from './subjects.js';
import { times, timesInside } from './times.js';
import { transport } from './transport.js';
import { wrapping } from './wrapping.js';

export type {
  Attack,
  Evil,
  Family,
  GoodFacts,
  GoodResponse,
  Outcome,
  Setting,
  Signer,
  SigningShape,
} from './attack.js';

/** Every attack that the gateway is tested with, against its own verifier. */
export const attacks: readonly Attack[] = [
  ...wrapping,
  ...exclusion,
  ...stranger,
  ...references,
  ...signatureValues,
  ...algorithms,
  ...signedInfo,
  ...namespaces,
  ...lexical,
  ...doctype,
  ...encodings,
  ...bombs,
  ...times,
  ...familyOf('time', timesInside),
  ...addressing,
  ...statuses,
  ...subjects,
  ...conditions,
  ...encryption,
  ...transport,
  ...forms,
  ...replays,
  ...domainKeys,
];
