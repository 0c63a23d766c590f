import { MOST_OF_A_FILE, readAtMost } from '../shared/index.js';
import { CommandFailure } from './exit.js';

/** A file, a pipe or `/dev/stdin` that the command line names. @throws CommandFailure 2, also where there is no end of it */
export function readOrFail(path: string, limit: number = MOST_OF_A_FILE): Buffer {
  try {
    return readAtMost(path, limit);
  } catch (error) {
    throw new CommandFailure(2, `Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
