import type { Unfit } from '../unfit.js';
import type { DataPath } from '../yaml-file.js';

/** Takes the faults that show only when the parts are put together; `path` is within one file. */
export type Report = (path: DataPath, unfit: Unfit) => void;
