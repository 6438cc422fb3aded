/** What the program consists of, by npm. */
import { execFileSync } from 'node:child_process';

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
  /** Example: `pkg:npm/fastify@5.12.8`. */
  purl: string;
  licenses?: unknown[];
  properties: { name: string; value: string }[];
}

/** CycloneDX 1.5, the parts that are read here. */
export interface Bom {
  bomFormat: string;
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/**
 * The packages of this folder's lock file that the program needs, on any machine. npm's own `--omit
 * dev` leaves out packages that a development package needs too. Throws where npm is older than 10.
 */
export function billOfMaterials(root: string): Bom {
  const command = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 } as const;
  const bom: Bom = JSON.parse(execFileSync('npm', command, options));
  const components = bom.components.filter(({ properties }) =>
    properties.every(({ name }) => name !== 'cdx:npm:package:development'),
  );
  const left = new Set(bom.components.map((one) => one['bom-ref']));
  for (const one of components) left.delete(one['bom-ref']);
  const dependencies = bom.dependencies
    .filter(({ ref }) => !left.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((other) => !left.has(other)),
    }));
  return { ...bom, components, dependencies };
}
