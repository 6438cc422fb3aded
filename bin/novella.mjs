#!/usr/bin/env node
// Starts Novella on a Node that can run it, whatever Node the machine has. The version needs none:
// it is printed before anything else is loaded.
import { readFileSync } from 'node:fs';

const [first, ...more] = process.argv.slice(2);

if (more.length === 0 && (first === '--version' || first === '-V')) {
  const file = new URL('../package.json', import.meta.url);
  process.stdout.write(`${JSON.parse(readFileSync(file, 'utf8')).version}\n`);
} else {
  await start();
}

async function start() {
  const { join } = await import('node:path');
  const { isNewEnough, newEnoughNode, root, runInstead } = await import('./pinned-node.mjs');
  const main = join(root, 'src', 'programs', 'main.ts');
  if (!isNewEnough) return runInstead(newEnoughNode(), [main, ...process.argv.slice(2)]);
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  const { pathToFileURL } = await import('node:url');
  return import(pathToFileURL(main).href);
}
