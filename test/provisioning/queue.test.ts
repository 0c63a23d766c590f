import t from 'tap';
import { LEASE_TIME, overBothBackends } from './backends.js';
import { leaseContract, queueContract } from './queue-contract.js';

overBothBackends(t, queueContract);
overBothBackends(t, leaseContract, LEASE_TIME);
