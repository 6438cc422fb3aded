/**
 * `npm run bench [-- GROUP …] [--data FILE]`: runs the groups, all without a name, and prints one
 * JSON line per figure. `--data`: see core.
 */
import { parseArgs } from 'node:util';
import { agentMemory } from './agent-memory.ts';
import { boots } from './boots.ts';
import { claims } from './claims.ts';
import { core } from './core.ts';
import { decisions } from './decisions.ts';
import { host } from './host.ts';
import { lists } from './lists.ts';
import { memory } from './memory.ts';
import { openstack } from './openstack.ts';
import { startup } from './startup.ts';

const groups: Record<string, (options: { data?: string | undefined }) => Promise<void>> = {
  startup,
  memory,
  'agent-memory': agentMemory,
  boots,
  claims,
  decisions,
  lists,
  openstack,
  core,
  host,
};

const { values, positionals: requested } = parseArgs({
  options: { data: { type: 'string' } },
  allowPositionals: true,
});
const unknown = requested.filter((name) => groups[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no group "${unknown.join('", "')}"; there are ${Object.keys(groups).join(', ')}\n`,
  );
  process.exit(2);
}
for (const name of requested.length === 0 ? Object.keys(groups) : requested)
  await groups[name]?.(values);
