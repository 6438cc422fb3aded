/**
 * `npm run test:tempest [-- LIST… | TEST…] [--vnic-type TYPE] [--concurrency N] [--keep FOLDER]`:
 * Tempest against a Novella process beside real Keystone, Neutron and Glance, with simulated hosts.
 * A list is a file of tests, classes, modules or packages; default: `tier1.txt`. `--concurrency`:
 * how many classes run at a time, 2 by default. Ends with 1 where a test failed. Needs root:
 * everything runs in a network namespace, with nothing but a loopback.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { setup as prepare } from '../openstack/prepare.ts';
import { startGround } from './cloud.ts';
import { deviceViolations } from './devices.ts';
import { entriesOf, matching, selectTests } from './selection.ts';
import { Tally } from './tally.ts';
import { Workspace } from './workspace.ts';

const { values, positionals } = parseArgs({
  options: {
    'vnic-type': { type: 'string', default: 'normal' },
    keep: { type: 'string' },
    concurrency: { type: 'string', default: '2' },
  },
  allowPositionals: true,
});

/** Set in the namespace. */
const insideVariable = 'NOVELLA_TEMPEST_INSIDE';

/** Tests that only run where guests accept a sign-in; they execute no command there. */
const signingIn = [
  'tempest.api.compute.servers.test_attach_interfaces',
  'tempest.api.compute.servers.test_server_actions.ServerActionsTestJSON.test_rebuild_server',
];

if (process.env[insideVariable] === undefined) await enterNamespace();
else await runTests();

/** Builds what needs the network, and starts this program again without it. */
async function enterNamespace(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('npm run test:tempest needs root: it makes namespaces');
  await prepare();
  const again = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)];
  const { status } = spawnSync(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--net'],
      ...['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...again, ...process.argv.slice(2)],
    ],
    { stdio: 'inherit', env: { ...process.env, [insideVariable]: '1' } },
  );
  process.exitCode = status ?? 1;
}

async function runTests(): Promise<void> {
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const folder = temporaryDirectory();
  const ground = await startGround(folder.path);
  try {
    const workspace = new Workspace(ground);
    const tests = selectTests(requestedEntries(), await workspace.list());
    const tally = new Tally(tests, print);
    const guests = matching(signingIn, tests);
    const runs = { guests, plain: tests.filter((id) => !guests.includes(id)) };
    const { 'vnic-type': vnicType, concurrency } = values;
    for (const [name, those] of Object.entries(runs)) {
      if (those.length === 0) continue;
      const withValidation = name === 'guests';
      await workspace.run(
        { name, tests: those, withValidation, vnicType, concurrency },
        (outcome) => tally.add(outcome),
      );
    }
    const violations = deviceViolations(join(folder.path, 'state/novella.sqlite'), vnicType);
    if (violations.length > 0) tally.fail('devices after the run', violations);
    print(tally.end());
    process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
    if (values.keep !== undefined) {
      workspace.copyLogs(values.keep);
      copyFileSync(join(folder.path, 'novella.log'), join(values.keep, 'novella.log'));
    }
  } finally {
    await ground.stop();
    folder.remove();
  }
}

function requestedEntries(): string[] {
  const asked =
    positionals.length > 0 ? positionals : [fileURLToPath(new URL('tier1.txt', import.meta.url))];
  return asked.flatMap((each) =>
    existsSync(each) ? entriesOf(readFileSync(each, 'utf8')) : [each],
  );
}
