/**
 * Debian trees in a cache: built from the mirror that this machine uses, kept as an archive and as
 * files.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf, madeOnce } from './cache.ts';
import { ensureDebianPackages } from './debian-packages.ts';
import { mustRun } from './must-run.ts';

const suite = 'trixie';

export interface TreeRecipe {
  packages: string[];
  /** Later rules take precedence. */
  dpkgOptions: string[];
  /** Programs of ours in the tree, by path. They are not part of the archive. */
  scripts?: Record<string, string>;
}

export interface Tree {
  /** The name covers all inputs except the day of the build. */
  key: string;
  path: string;
}

/** Omits documentation, and does not sync to the disk. */
export const leanDpkgOptions = [
  'force-unsafe-io',
  ...['doc', 'man', 'locale', 'info'].map((what) => `path-exclude=/usr/share/${what}/*`),
];

/** The tree, built (minutes), unpacked from the cached archive, or existing in this folder. */
export async function debianTree(cache: string, recipe: TreeRecipe): Promise<Tree> {
  const { packages, dpkgOptions, scripts = {} } = recipe;
  const key = keyOf(suite, ...packages, ...dpkgOptions, ...Object.entries(scripts).flat());
  // Debian 12's are new enough.
  ensureDebianPackages(['mmdebstrap', 'zstd']);
  const path = await madeOnce(join(cache, `tree-${key}`), async (unfinished) => {
    const archive = await madeOnce(join(cache, `tree-${key}.tar.zst`), (file) =>
      buildArchive(file, recipe),
    );
    mkdirSync(unfinished, { recursive: true });
    await mustRun('tar', ['-C', unfinished, '--exclude=./dev/*', '-xf', archive]);
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(unfinished, name), text, { mode: 0o755 });
    }
  });
  return { key, path };
}

async function buildArchive(file: string, { packages, dpkgOptions }: TreeRecipe): Promise<void> {
  const args = [
    ...['--variant=minbase', '--aptopt=APT::Install-Recommends "false"'],
    ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
    ...[
      `--include=${packages.join(',')}`,
      suite,
      file,
      `deb ${await debianMirror()} ${suite} main`,
    ],
  ];
  // Building the kernel's own initial disk would take long, and the lab has its own.
  const env = { INITRD: 'No', DEBIAN_FRONTEND: 'noninteractive' };
  await mustRun('mmdebstrap', args, env).catch((error: unknown) => {
    rmSync(file, { force: true });
    throw error;
  });
}

/** The package sources of this machine. */
async function debianMirror(): Promise<string> {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages'];
  const [first] = (await mustRun('apt-get', ['indextargets', ...format])).split('\n');
  if (first === undefined || first === '') throw new Error('apt knows no package source');
  return first;
}
