import t from 'tap';
import { overBothBackends } from './backends.js';
import { queueContract } from './queue-contract.js';

overBothBackends(t, queueContract);
