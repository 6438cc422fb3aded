/** Debian 13's gophercloud (Go), as Terraform and the Kubernetes providers use it. */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf, madeOnce } from '#test/debian/cache.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { variablesOf } from '#test/processes/stock-client.ts';
import { skipTitle } from '#test/skip-title.ts';
import { type Place, runInside } from '../openstack/environment/inside.ts';
import { openstackCache, openstackTree } from '../openstack/environment/tree.ts';
import { clientPlace, treeTimeoutMs } from './client-place.ts';

const isRoot = process.getuid?.() === 0;
const state = temporaryDirectory();
const sources = fileURLToPath(new URL('gophercloud', import.meta.url));
let novella: NovellaProcess;
let place: Place;

beforeAll(async () => {
  if (!isRoot) return;
  const program = await compiled();
  novella = await startNovella(join(state.path, 'novella'));
  place = await clientPlace(novella, join(state.path, 'client'), []);
  cpSync(program, join(place.folder, 'acceptance'));
  cpSync('examples/terraform', join(place.folder, 'terraform'), { recursive: true });
}, treeTimeoutMs);

afterAll(async () => {
  await novella?.stop();
  state.remove();
});

/** The tests as one program: compiled once for its sources, a minute the first time. */
async function compiled(): Promise<string> {
  const tree = await openstackTree();
  const texts = readdirSync(sources).map((name) => readFileSync(join(sources, name)));
  const path = join(openstackCache(), `gophercloud-${keyOf(tree.key, ...texts)}`);
  return madeOnce(path, async (unfinished) => {
    const folder = join(state.path, 'build');
    mkdirSync(folder);
    cpSync(sources, join(folder, 'source'), { recursive: true });
    const build = 'cd source && go vet . && go test -c -o ../acceptance .';
    // Debian's libraries are for the mode without modules.
    await runInside({ tree: tree.path, folder }, ['sh', '-c', build], {
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOCACHE: '/mnt/cache',
      CGO_ENABLED: '0',
    });
    cpSync(join(folder, 'acceptance'), unfinished);
  });
}

const title = skipTitle('the calls of gophercloud work', isRoot, 'it needs root');
test.skipIf(!isRoot)(title, async () => {
  const demo = Object.entries(variablesOf(novella.cloudsYaml, 'novella-demo'));
  const env = {
    ...variablesOf(novella.cloudsYaml),
    ...Object.fromEntries(demo.map(([name, value]) => [`DEMO_${name}`, value])),
    OS_DOMAIN_NAME: 'Default',
  };
  const printed = await runInside(place, ['./acceptance', '-test.v'], env);
  expect(printed).not.toContain('--- FAIL');
  expect(printed).toMatch(/\nPASS\n$/);
});
