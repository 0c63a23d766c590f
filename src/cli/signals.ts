/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. SIGHUP does not end it. */
export async function untilStopped({ onHangup }: { readonly onHangup: () => Promise<unknown> }): Promise<void> {
  const hangup = () => void onHangup();
  process.on('SIGHUP', hangup);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
  process.off('SIGHUP', hangup);
}
