export {
  registerOperations,
  type IdentityProviderHealth,
  type OperationsDeps,
  type QueueHealth,
} from './operations.js';
