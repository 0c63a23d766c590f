import t from 'tap';
import { LEASE_TIME, overBothBackends } from './backends.js';
import { queueContract } from './queue-contract.js';

overBothBackends(t, queueContract, LEASE_TIME);
