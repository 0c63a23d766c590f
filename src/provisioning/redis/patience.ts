/** Resolves as `work` does; with null where that takes longer than `patience()` milliseconds after the signal fired. */
export function unlessStopped<T>(work: Promise<T>, signal: AbortSignal, patience: () => number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      timer = setTimeout(resolve, patience(), null);
    };
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(finish);
  });
}
