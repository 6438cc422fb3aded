/**
 * `npm run bench -- compare REV [GROUP …] [--rounds N] [--own-bench]`: measures another revision
 * and these sources in turns, so that both meet the same load, and prints the ratio of each figure.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { comparisons, type MeasuredFigure } from './comparisons.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What measures: the same for both. */
const measuring = ['bench', 'test/support/random.ts', 'test/support/programs/program-options.ts'];

/**
 * Each round runs every group on the revision, then here. The bench of these sources measures both;
 * `ownBench`: the revision's own does, where these do not run on it. A failed run is an error.
 */
export async function compare(
  revision: string,
  groups: readonly string[],
  { rounds, ownBench }: { rounds: number; ownBench: boolean },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-compare-'));
  const checkout = join(folder, 'checkout');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const commit = git('rev-parse', '--short', `${revision}^{commit}`).trim();
  git('worktree', 'add', '--quiet', '--detach', checkout, commit);
  try {
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    if (!ownBench) {
      rmSync(join(checkout, 'bench'), { recursive: true });
      for (const path of measuring) {
        cpSync(join(root, path), join(checkout, path), { recursive: true });
      }
    }
    const before: MeasuredFigure[][] = [];
    const after: MeasuredFigure[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      before.push(await figuresOf(checkout, groups));
      after.push(await figuresOf(root, groups));
    }
    for (const line of comparisons(before, after)) {
      process.stdout.write(`${JSON.stringify({ ...line, revision: commit })}\n`);
    }
  } finally {
    git('worktree', 'remove', '--force', checkout);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The figures of one run of the bench in this folder. */
async function figuresOf(folder: string, groups: readonly string[]): Promise<MeasuredFigure[]> {
  const args = ['bin/with-node.mjs', 'bench/main.ts', ...groups];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const figures: MeasuredFigure[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    figures.push(JSON.parse(line));
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`bench ${groups.join(' ')} in ${folder} ended with ${code}`);
  return figures;
}
