/** Ends this process with status 2 and a usage text where its options cannot be read. */
export function optionsOrUsage<T>(read: () => T, usage: string): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}
