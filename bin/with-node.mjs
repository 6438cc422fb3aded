// "node bin/with-node.mjs vitest run" runs a tool of this package, and "… bench/main.ts" a program,
// on a Node that is new enough. The scripts of package.json go through here, because npm may run
// them with any Node.
import { newEnoughNode, runInstead } from './pinned-node.mjs';

const [tool, ...args] = process.argv.slice(2);

if (tool.endsWith('.ts') || tool.startsWith('-')) runInstead(newEnoughNode(), [tool, ...args]);
else runInstead(tool, args);
