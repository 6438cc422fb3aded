/**
 * Lives of servers beside a real Keystone, Neutron and Glance: rates, and the time and processor
 * share of each service. Needs root and apt.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession } from '#client/session/session.ts';
import { type OpenStack, startOpenStack } from '../test/openstack/environment/openstack.ts';
import {
  type BootGround,
  bootServers,
  createPorts,
  deleteServers,
  prepareGround,
} from './boot-servers.ts';
import { cpuSeconds, memoryMib } from './process-tree.ts';
import { printFigure } from './figure.ts';
import { median } from './statistics.ts';
import { type OpenStackSection, type RunningNovella, startNovella } from './running-novella.ts';
import { callsIn } from './service-calls.ts';

const fleet = { hosts: 4, pfs: 1, vfs: 32 };
const warmUp = 10;
const servers = 20;
const programs = ['novella', 'neutron', 'keystone', 'glance'] as const;
type Program = (typeof programs)[number];

interface Running {
  cloud: OpenStack;
  novella: RunningNovella;
  ground: BootGround;
}

/** The stock clients pause for a second or more. */
const clientPauseMs = 500;

/**
 * Prints, for one server after the other and for 20 at once, `openstack.boots_per_s`,
 * `boot_median_ms` (POST to ACTIVE), the same of deletes, and the cost by program:
 * `calls_per_life`, `boot_call_ms`, `boot_time_share`, `boot_cpu_share`. These boots are polled as
 * often as possible. `cpu_s_per_life` is of as many others, polled as by a client. At the end
 * `memory_mib`.
 */
export async function openstack(): Promise<void> {
  const cloud = await startOpenStack();
  let novella: RunningNovella | undefined;
  try {
    for (let at = 1; at <= fleet.hosts; at += 1) {
      cloud.agent(`host-${String(at).padStart(4, '0')}`, { physnet1: ['pf'] });
    }
    novella = await startNovella(fleet, openstackSection(cloud));
    await cloud.register('compute', novella.computeUrl);
    await uploadTinyImage(cloud);
    const ground = await prepareGround(await openSession(readCloud(cloud.cloudsYaml, 'admin')));
    const warm = await bootServers(ground, await createPorts(ground, warmUp), 2);
    await deleteServers(ground, warm.results, 2);
    const running = { cloud, novella, ground };
    for (const inFlight of [1, servers]) {
      await measure(running, inFlight);
      await measureLives(running, inFlight);
    }
    printMemory(running);
  } finally {
    await novella?.stop();
    await cloud.stop();
  }
}

export function openstackSection({ urls, people }: OpenStack): OpenStackSection {
  const { user: username, password, project: project_name } = people.service;
  // Its agents are rows, which wire nothing.
  return { auth_url: urls.keystone, username, password, project_name, plug_timeout: 0 };
}

export async function uploadTinyImage(cloud: OpenStack): Promise<void> {
  writeFileSync(join(cloud.folder, 'tiny.raw'), Buffer.alloc(4_096));
  const form = ['--disk-format', 'raw', '--container-format', 'bare', '--file', 'tiny.raw'];
  await cloud.json('admin', 'image', 'create', '--public', ...form, 'tiny');
}

async function measure(running: Running, inFlight: number): Promise<void> {
  const { ground } = running;
  const ports = await createPorts(ground, servers);
  const before = spentBy(running);
  const boots = await bootServers(ground, ports, inFlight);
  const between = spentBy(running);
  const deletes = await deleteServers(ground, boots.results, inFlight);
  const after = spentBy(running);
  const details = { in_flight: inFlight, servers };
  const print = (name: string, unit: string, value: number, more = {}) =>
    printFigure({ figure: `openstack.${name}`, value, unit, ...more, ...details });
  print('boots_per_s', '1/s', servers / boots.seconds);
  print('boot_median_ms', 'ms', median(boots.times));
  print('deletes_per_s', '1/s', servers / deletes.seconds);
  print('delete_median_ms', 'ms', median(deletes.times));
  for (const program of programs) {
    const [start, booted, gone] = [before[program], between[program], after[program]];
    const by = { program };
    const busy = (booted.cpuSeconds - start.cpuSeconds) / boots.seconds;
    print('boot_cpu_share', 'of one core', busy, by);
    if (program === 'novella') continue;
    print(
      'calls_per_life',
      'calls',
      callsIn(gone.log.slice(start.log.length)).length / servers,
      by,
    );
    const calls = callsIn(booted.log.slice(start.log.length));
    const seconds = calls.reduce((sum, { ms }) => sum + ms / 1_000, 0);
    print('boot_time_share', 'calls at a time', seconds / boots.seconds, by);
    for (const kind of new Set(calls.map((call) => call.kind))) {
      const times = calls.filter((call) => call.kind === kind).map(({ ms }) => ms);
      const perBoot = times.length / servers;
      print('boot_call_ms', 'ms', median(times), { ...by, call: kind, per_boot: perBoot });
    }
  }
}

async function measureLives(running: Running, inFlight: number): Promise<void> {
  const { ground } = running;
  const ports = await createPorts(ground, servers);
  const before = spentBy(running);
  const boots = await bootServers(ground, ports, inFlight, clientPauseMs);
  await deleteServers(ground, boots.results, inFlight, clientPauseMs);
  const after = spentBy(running);
  for (const program of programs) {
    const value = (after[program].cpuSeconds - before[program].cpuSeconds) / servers;
    const details = { program, in_flight: inFlight, servers, poll_ms: clientPauseMs };
    printFigure({ figure: 'openstack.cpu_s_per_life', value, unit: 's', ...details });
  }
}

interface Spent {
  cpuSeconds: number;
  /** Its output. */
  log: string;
}

/** Until now, by each program. */
function spentBy({ cloud, novella }: Running): Record<Program, Spent> {
  const spent = (name: Exclude<Program, 'novella'>): Spent => ({
    cpuSeconds: cpuSeconds(cloud.pid(name)),
    log: cloud.logs(name),
  });
  return {
    novella: { cpuSeconds: cpuSeconds(novella.pid), log: '' },
    neutron: spent('neutron'),
    keystone: spent('keystone'),
    glance: spent('glance'),
  };
}

function printMemory({ cloud, novella }: Running): void {
  for (const program of programs) {
    const pid = program === 'novella' ? novella.pid : cloud.pid(program);
    for (const [kind, value] of Object.entries(memoryMib(pid))) {
      printFigure({ figure: 'openstack.memory_mib', value, unit: 'MiB', program, kind });
    }
  }
}
