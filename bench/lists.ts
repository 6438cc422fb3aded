/**
 * The cost of lists in the one process that serves all requests: processor time, and the longest
 * hold of its event loop, through HTTP and the real store.
 */
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { microversion } from '#client/servers.ts';
import type { Session } from '#client/session/session.ts';
import { bootServers, createPorts, deleteServers, prepareGround } from './boot-servers.ts';
import { printFigure } from './figure.ts';
import { median } from './statistics.ts';
import type { ProbeAnswer } from './probe.ts';
import { copyServer } from './many-servers.ts';
import { type RunningNovella, startNovella } from './running-novella.ts';

const fleet = { hosts: 100, pfs: 2, vfs: 64 };
const live = 1_000;
const deleted = 10_000;
const warmUp = 2;
const runs = 9;

const paths: Record<string, string> = {
  nothing: '/v2.1',
  servers: '/v2.1/servers',
  servers_detail: '/v2.1/servers/detail',
  servers_limit_20: '/v2.1/servers?limit=20',
  servers_detail_limit_20: '/v2.1/servers/detail?limit=20',
  servers_deleted: '/v2.1/servers?deleted=1',
  servers_changed: '/v2.1/servers?changes-since=2020-01-01T00:00:00Z',
  servers_by_name: '/v2.1/servers?name=%5Ebench-.*77$',
  servers_by_address: '/v2.1/servers?ip=%5E10.*77$',
  servers_active: '/v2.1/servers?status=ACTIVE&limit=20',
  servers_sorted: '/v2.1/servers?sort_key=display_name&limit=20',
  hypervisors_detail: '/v2.1/os-hypervisors/detail',
  hypervisors_detail_limit_20: '/v2.1/os-hypervisors/detail?limit=20',
  services: '/v2.1/os-services',
  pci_devices: '/novella/v1/pci/devices',
  pci_pools: '/novella/v1/pci/pools',
  hosts: '/novella/v1/hosts',
};

/**
 * Prints `lists.cpu_ms` and `lists.longest_hold_ms` for each path: medians of nine requests, with
 * the least and the most.
 */
export async function lists(): Promise<void> {
  const novella = await startNovella(fleet, undefined, { probe: true });
  try {
    const session = await novella.login();
    await fill(novella, session);
    for (const [list, path] of Object.entries(paths))
      await measure(novella, session, { list, path });
  } finally {
    await novella.stop();
  }
}

async function fill(novella: RunningNovella, session: Session): Promise<void> {
  const ground = await prepareGround(session);
  const [stays, goes] = await createPorts(ground, 2);
  const { results } = await bootServers(ground, [stays ?? '', goes ?? ''], 1);
  const [first = '', second = ''] = results;
  await deleteServers(ground, [second], 1);
  copyServer(novella.databaseFile, first, live - 1);
  copyServer(novella.databaseFile, second, deleted - 1);
}

async function measure(
  novella: RunningNovella,
  session: Session,
  { list, path }: { list: string; path: string },
): Promise<void> {
  const answers: (ProbeAnswer & { kib: number })[] = [];
  for (let run = 0; run < warmUp + runs; run += 1) {
    await probe(novella);
    const kib = await get(novella, session, path);
    const answer = await probe(novella);
    if (run >= warmUp) answers.push({ ...answer, kib });
  }
  const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  const kib = Math.round(answers[0]?.kib ?? 0);
  const figures = { cpu_ms: 'cpuMs', longest_hold_ms: 'longestMs' } as const;
  for (const [figure, key] of Object.entries(figures)) {
    const values = answers.map((answer) => answer[key]);
    const [least, most] = [Math.min(...values), Math.max(...values)].map(
      (ms) => Math.round(ms * 10) / 10,
    );
    printFigure({
      figure: `lists.${figure}`,
      value: median(values),
      unit: 'ms',
      list,
      least: least ?? 0,
      most: most ?? 0,
      runs,
      kib,
      load,
    });
  }
}

async function get(novella: RunningNovella, { token }: Session, path: string): Promise<number> {
  const headers = { 'x-auth-token': token, 'openstack-api-version': `compute ${microversion}` };
  const response = await fetch(`${new URL(novella.computeUrl).origin}${path}`, { headers });
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return byteLength / 1_024;
}

async function probe({ process: child }: RunningNovella): Promise<ProbeAnswer> {
  child.send('probe');
  const [answer] = await once(child, 'message');
  return answer as ProbeAnswer;
}
