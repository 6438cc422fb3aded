/**
 * `npm run fleet`: controllers over PostgreSQL and any number of simulated agents, each with its
 * own certificate and link over a real socket, on this machine. Prints one JSON line per phase:
 * docs/scaling.md describes them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '#core/errors.ts';
import { memoryFolder } from '#test/memory-folder.ts';
import { startCluster } from '#test/postgres/cluster.ts';
import { countOption, programOptions, refuseOptions } from '#test/programs/program-options.ts';
import type { CleanUps } from './cluster.ts';
import { createFleetDatabase } from './database.ts';
import { runFleet } from './run-fleet.ts';

const usage = `npm run fleet -- [--hosts N] [--controllers N] [--boots N] [--seconds S] [--database URL]
  --hosts N        simulated hosts, each with its agent (default 1000)
  --controllers N  processes of novella controller (default 4)
  --boots N        servers that are booted and deleted (default 200)
  --seconds S      how long the idle fleet is watched (default 30)
  --database URL   any database of a PostgreSQL server: the fleet creates its own beside it, and
                   drops it at the end (default: a server of its own)`;
const { values } = programOptions(usage, {
  options: {
    hosts: { type: 'string', default: '1000' },
    controllers: { type: 'string', default: '4' },
    boots: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    database: { type: 'string' },
  },
});
const count = (name: 'hosts' | 'controllers' | 'boots' | 'seconds', most: number): number => {
  const value = countOption(usage, { name, value: values[name] });
  if (value > most) refuseOptions(usage, `--${name}: must be at most ${most}`);
  return value;
};
const options = {
  hosts: count('hosts', 50_000),
  controllers: count('controllers', 32),
  boots: count('boots', 10_000),
  seconds: count('seconds', 3_600),
};
const { database } = values;
if (database !== undefined && !/^postgres(?:ql)?:\/\//.test(database)) {
  refuseOptions(usage, `--database: "${database}" must begin with postgresql://`);
}

const folder = mkdtempSync(join(memoryFolder(), 'novella-fleet-'));
const cleanUps: CleanUps = [() => rmSync(folder, { recursive: true, force: true })];
const interrupted = new Promise<number>((resolve) => {
  process.once('SIGINT', () => resolve(130));
  process.once('SIGTERM', () => resolve(143));
});
process.exit(await Promise.race([run(), interrupted]).then(ended));

async function run(): Promise<number> {
  try {
    const url = await databaseUrl();
    await runFleet(options, {
      database: url,
      folder,
      cleanUps,
      report: (phase, figures) => {
        process.stdout.write(`${JSON.stringify({ phase, ...figures })}\n`);
      },
    });
    return 0;
  } catch (error) {
    process.stderr.write(`fleet: ${errorText(error)}\n`);
    return 1;
  }
}

async function databaseUrl(): Promise<string> {
  if (database !== undefined) {
    const { url, drop } = await createFleetDatabase(database);
    cleanUps.push(drop);
    return url;
  }
  const server = await startCluster();
  cleanUps.push(() => server.stop());
  return (await createFleetDatabase(server.url('postgres'))).url;
}

/** Ends everything that was started; the exit code. */
async function ended(code: number): Promise<number> {
  for (const act of cleanUps.toReversed()) {
    try {
      await act();
    } catch (error) {
      process.stderr.write(`fleet: ${errorText(error)}\n`);
    }
  }
  return code;
}
