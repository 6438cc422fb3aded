/**
 * `npm run bench [-- GROUP …]`: runs the groups, all without a name, and prints one JSON line per
 * figure. `-- core --data FILE [--nova ROOT]`: see core. `-- compare REV [GROUP …]`: see compare.
 */
import { countOption, programOptions, refuseOptions } from '#test/programs/program-options.ts';
import type { BenchOptions } from './options.ts';

type Group = (options: BenchOptions) => Promise<void>;

/** Each loads only what it measures: a comparison runs them on older sources. */
const groups: Record<string, () => Promise<Group>> = {
  startup: async () => (await import('./startup.ts')).startup,
  memory: async () => (await import('./memory.ts')).memory,
  'agent-memory': async () => (await import('./agent-memory.ts')).agentMemory,
  boots: async () => (await import('./boots.ts')).boots,
  controllers: async () => (await import('./controllers.ts')).controllers,
  claims: async () => (await import('./claims.ts')).claims,
  decisions: async () => (await import('./decisions.ts')).decisions,
  fleet: async () => (await import('./fleet.ts')).fleet,
  page: async () => (await import('./page.ts')).page,
  lists: async () => (await import('./lists.ts')).lists,
  openstack: async () => (await import('./openstack.ts')).openstack,
  'nova-list': async () => (await import('./nova-list.ts')).novaList,
  core: async () => (await import('./core.ts')).core,
  host: async () => (await import('./host.ts')).host,
  hosts: async () => (await import('./hosts.ts')).hosts,
};

const usage = `npm run bench [-- GROUP …]
       npm run bench -- core --data FILE [--nova ROOT]
       npm run bench -- compare REV [GROUP …] [--rounds N] [--own-bench]
groups: ${Object.keys(groups).join(', ')}
bench/README.md describes them; docs/performance.md has the figures.`;
const { values, positionals } = programOptions(usage, {
  options: {
    data: { type: 'string' },
    nova: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'own-bench': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [first, revision, ...rest] = positionals;
if (first === 'compare') {
  if (revision === undefined) refuseOptions(usage, 'compare needs a revision, such as HEAD~5');
  refuseUnknown(rest);
  const { compare } = await import('./compare.ts');
  await compare(revision, rest.length === 0 ? ['boots'] : rest, {
    rounds: countOption(usage, { name: 'rounds', value: values.rounds }),
    ownBench: values['own-bench'],
  });
} else {
  refuseUnknown(positionals);
  const requested = positionals.length === 0 ? Object.keys(groups) : positionals;
  for (const name of requested) {
    process.stderr.write(`bench: ${name} …\n`);
    await (await groups[name]?.())?.(values);
  }
}

function refuseUnknown(names: readonly string[]): void {
  const unknown = names.filter((name) => groups[name] === undefined);
  if (unknown.length > 0) refuseOptions(usage, `no group "${unknown.join('", "')}"`);
}
