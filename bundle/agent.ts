/**
 * `npm run bundle:agent [-- FOLDER] [--with-node]`: the agent as one folder that needs nothing but
 * Node 24 (default: dist/agent); with `--with-node` not even that. Start it there: `./node
 * novella-agent.mjs agent --config FILE`.
 */
import { chmodSync, cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programOptions } from '#test/programs/program-options.ts';
import { writeBundle } from './write-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = programOptions('npm run bundle:agent [-- FOLDER] [--with-node]', {
  options: { 'with-node': { type: 'boolean', default: false } },
  allowPositionals: true,
});

/**
 * It finds its native file by its own place, so it stays a package; without its sources and
 * documents.
 */
const packages = ['koffi', '@koromix'];
const isNeeded = (path: string): boolean =>
  !/\/koffi\/(?:doc|vendor|lib)(?:\/|$)|\.(?:cc|hh|inc|S|asm|def)$/.test(path);

const folder = resolve(positionals[0] ?? join(root, 'dist/agent'));
await writeBundle(folder, {
  'novella-agent': 'src/programs/agent-main.ts',
  'libvirt-child': 'src/integrations/libvirt/child/main.ts',
});
for (const name of packages) {
  cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), {
    recursive: true,
    filter: isNeeded,
  });
}
if (values['with-node']) {
  cpSync(process.execPath, join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
}
