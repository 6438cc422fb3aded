/**
 * `npm run soak [-- --minutes N] [--seed S]`: keeps `novella up` under a mix of boots, lists,
 * shows, attaches, detaches, moves and deletions. Every few seconds the load pauses, all servers
 * and ports are deleted and garbage is collected: what is then left must not grow. Prints one JSON
 * line per sample and per figure; ends with 1 when the memory grows.
 */
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { allServers } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { countOption, programOptions, refuseOptions } from '#test/programs/program-options.ts';
import { Ledger } from '../test/torture/load/ledger.ts';
import { makeGround } from '../test/torture/load/ground.ts';
import { type Mix, Users } from '../test/torture/load/users.ts';
import { settle } from '../test/torture/settle.ts';
import { deleteServers } from './boot-servers.ts';
import { printFigure } from './figure.ts';
import { fewestSamples, growthOf } from './growth.ts';
import type { MemoryAnswer } from './memory-probe.ts';
import { type RunningNovella, startNovella } from './running-novella.ts';
import { rounded } from './statistics.ts';

const usage = 'npm run soak [-- --minutes N] [--seed S]';
const { values, positionals } = programOptions(usage, {
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});
if (positionals.length > 0) refuseOptions(usage, `"${positionals.join(' ')}" is no option`);
const minutes = countOption(usage, { name: 'minutes', value: values.minutes });
const seed = countOption(usage, { name: 'seed', value: values.seed });

const fleet = { hosts: 10, pfs: 2, vfs: 16 };
const users = 6;
const mix: Mix = {
  whileFew: { boot: 8, list: 2, show: 3, act: 2, attach: 2, detach: 1, move: 2, finishMove: 2 },
  whileMany: {
    ...{ boot: 1, remove: 4, list: 2, show: 3, act: 2, attach: 3, detach: 2, deletePort: 0.5 },
    ...{ move: 3, finishMove: 2 },
  },
};
/** What the process allocates once, such as compiled code, is not growth: not sampled. */
const warmUpShare = 0.15;
/** Of the time between two samples; short enough for the samples that a run needs. */
const loadMs = Math.min(12_000, (minutes * 60_000) / (3 * fewestSamples));
/** The growth of the medians from which on the run fails. */
const bounds: Record<keyof MemoryAnswer, number> = {
  heapMib: 0.1,
  externalMib: 0.25,
  residentMib: 0.15,
};

const ledger = new Ledger();
const novella = await startNovella(fleet, undefined, { probe: 'memory-probe.ts' });
let grows = false;
try {
  const samples = await soak(novella);
  for (const [what, bound] of Object.entries(bounds) as [keyof MemoryAnswer, number][]) {
    const { first, last, share } = growthOf(samples.map((sample) => sample[what]));
    printFigure({
      figure: `soak.growth_${what.replace('Mib', '')}_percent`,
      value: share * 100,
      unit: '%',
      bound: bound * 100,
      ...{ first_third_mib: rounded(first, 1), last_third_mib: rounded(last, 1) },
      ...{ samples: samples.length, minutes, requests: ledger.answered },
      load: rounded(loadavg()[0] ?? 0, 1),
    });
    if (share <= bound) continue;
    grows = true;
    process.stderr.write(`soak: ${what} grows by more than ${bound * 100} %\n`);
  }
} finally {
  await novella.stop();
}
if (grows) process.exitCode = 1;

/** The samples after the warm-up. */
async function soak(running: RunningNovella): Promise<MemoryAnswer[]> {
  const session = await running.login();
  const ground = await makeGround(session, ledger);
  const load = new Users(users, mix);
  const began = performance.now();
  const end = minutes * 60_000;
  const samples: MemoryAnswer[] = [];
  const isOver = () => performance.now() - began >= end && samples.length >= fewestSamples;
  for (let round = 0; !isOver(); round += 1) {
    const working = load.work({ ...ground, session: await running.login() }, seed * 1_000 + round);
    await pause(loadMs);
    load.stop();
    await working;
    if (running.process.exitCode !== null) throw new Error('novella up ended under load');
    await clear(session, running.databaseFile);
    load.forget();
    const sample = await memoryOf(running);
    const at = performance.now() - began;
    if (at > end * warmUpShare) samples.push(sample);
    printFigure({
      ...{ figure: 'soak.settled_heap_mib', value: sample.heapMib, unit: 'MiB' },
      ...{ at_s: Math.round(at / 1_000), requests: ledger.answered },
      external_mib: rounded(sample.externalMib, 1),
      resident_mib: rounded(sample.residentMib, 1),
      load: rounded(loadavg()[0] ?? 0, 1),
    });
  }
  return samples;
}

/** Nothing is left that the load has made, and no work. */
async function clear(session: Session, databaseFile: string): Promise<void> {
  await settled(session, databaseFile);
  const servers = (await allServers(session)).map(({ id }) => id);
  await deleteServers({ session }, servers, 8);
  const network = { service: 'network', path: '/v2.0/ports' } as const;
  const { ports } = await request<{ ports: { id: string }[] }>(session, network);
  for (const { id } of ports) {
    await request(session, { ...network, method: 'DELETE', path: `/v2.0/ports/${id}` });
  }
  await settled(session, databaseFile);
}

async function settled(session: Session, databaseFile: string): Promise<void> {
  const left = await settle(session, databaseFile);
  if (left.length > 0) throw new Error(left.join('; '));
}

async function memoryOf({ process: child }: RunningNovella): Promise<MemoryAnswer> {
  child.send('collect');
  const [answer] = (await once(child, 'message')) as [MemoryAnswer];
  return answer;
}
