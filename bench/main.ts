/** `npm run bench [-- GROUP …]`: runs the groups, all without a name, and prints one JSON line per figure. */
import { boots } from './boots.ts';
import { memory } from './memory.ts';
import { startup } from './startup.ts';

const groups: Record<string, () => Promise<void>> = { startup, memory, boots };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => groups[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no group "${unknown.join('", "')}"; there are ${Object.keys(groups).join(', ')}\n`,
  );
  process.exit(2);
}
for (const name of asked.length === 0 ? Object.keys(groups) : asked) await groups[name]?.();
