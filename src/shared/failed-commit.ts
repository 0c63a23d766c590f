/**
 * Why lmdb failed. A commit that failed (disk full) carries its reason as a promise that is rejected on its own:
 * unheard, it would end the process, so whoever catches an error of lmdb asks here first.
 */
export async function reasonOfFailedCommit(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  const reason = Promise.resolve(error.commitError).catch((cause: unknown) => cause);
  // lmdb rejects it in the same turn, or never.
  const never = new Promise((resolve) => setImmediate(resolve, error));
  return Promise.race([reason, never]);
}
