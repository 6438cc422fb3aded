/**
 * `npm run bundle:agent [-- FOLDER]`: the agent as one folder that needs nothing but Node 24 beside it (default: dist/agent).
 * Start it there: `node novella-agent.mjs agent --config FILE`.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** It finds its native file by its own place, so it stays a package; without its sources and documents. */
const packages = ['koffi', '@koromix'];
const isNeeded = (path: string): boolean => !/koffi\/(doc|vendor|src\/(?!koffi))/.test(path);

const folder = resolve(process.argv[2] ?? join(root, 'dist/agent'));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const bundle = await rolldown({
  cwd: root,
  platform: 'node',
  external: ['koffi'],
  input: {
    'novella-agent': 'src/programs/agent-main.ts',
    'libvirt-child': 'src/integrations/libvirt/child/main.ts',
  },
});
await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' });
for (const name of packages) {
  cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), {
    recursive: true,
    filter: isNeeded,
  });
}
