import type { ConfigFault } from './fault.js';
import { Unfit } from './unfit.js';
import { readYamlFile, type DataPath } from './yaml-file.js';

/**
 * A fault that only reading what the configuration points to could show, at the place in the YAML that points there.
 *
 * @param file path of the YAML file, as it is shown
 */
export function faultIn(file: string, at: DataPath, problem: string, remedy: string): ConfigFault {
  const yaml = readYamlFile(file, file);
  return 'faults' in yaml ? yaml.fault(at, new Unfit(problem, remedy)) : yaml;
}
