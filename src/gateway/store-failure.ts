import type { Metrics, StoreOperation } from '../observe/index.js';

/** Runs an operation on the store and counts its failure; the failure itself goes on to the caller. */
export async function countingFailure<Result>(
  metrics: Metrics,
  operation: StoreOperation,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    metrics.storeError(operation);
    throw error;
  }
}
