import { existsSync } from 'node:fs';

/** Files of Debian's packages that the live tests of interoperability run, and the package of each. */
const packages = {
  '/usr/sbin/apache2': 'apache2',
  '/usr/lib/apache2/modules/mod_auth_mellon.so': 'libapache2-mod-auth-mellon',
  '/usr/lib/apache2/modules/mod_shib.so': 'libapache2-mod-shib',
  '/usr/sbin/shibd': 'shibboleth-sp-utils',
  '/usr/bin/php': 'php-cli',
  '/usr/share/simplesamlphp/www/module.php': 'simplesamlphp',
} as const;

/** @returns the path. @throws Error that names the package where the file is missing */
export function debianFile<Path extends keyof typeof packages>(path: Path): Path {
  if (!existsSync(path)) throw new Error(`${path} is missing: apt-get install ${packages[path]}`);
  return path;
}
