import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The package's version. The path is that of the compiled file, `dist/client/version.js`. */
export function packageVersion(): string {
  const packagePath = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(packagePath, 'utf8')) as { version: string }).version;
}
