#!/usr/bin/env node
// Starts Novella on a Node that can run it, whatever Node the machine has.
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNewEnough, newEnoughNode, root, runInstead } from './pinned-node.mjs';

const main = join(root, 'src', 'programs', 'main.ts');

if (isNewEnough) {
  nodeModule.enableCompileCache();
  await import(pathToFileURL(main).href);
} else {
  runInstead(newEnoughNode(), [main, ...process.argv.slice(2)]);
}
