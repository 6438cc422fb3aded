/**
 * `npm run sbom [-- FILE]`: the packages that the program needs, with versions, checksums and
 * licences, as CycloneDX (default: dist/sbom.json). Needs npm 10 or newer.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programOptions } from '#test/programs/program-options.ts';
import { billOfMaterials } from '#test/programs/bill-of-materials.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { positionals } = programOptions('npm run sbom [-- FILE]', {
  options: {},
  allowPositionals: true,
});
const file = resolve(positionals[0] ?? join(root, 'dist/sbom.json'));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(billOfMaterials(root), null, 2)}\n`);
console.log(`wrote ${file}`);
