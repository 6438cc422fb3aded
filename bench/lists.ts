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
import { printResponseTimes } from './response-times.ts';
import { median } from './statistics.ts';
import type { ProbeAnswer } from './probe.ts';
import { copyServer } from './many-servers.ts';
import { type Fleet, type RunningNovella, startNovella } from './running-novella.ts';

const fleet = { hosts: 100, pfs: 2, vfs: 64 };
const largeFleet = { hosts: 1_000, pfs: 2, vfs: 8 };
const live = 1_000;
const deleted = 10_000;
const warmUp = 2;
const runs = 9;
/** One after the other, of which `lists.main_thread_ms` is the mean. */
const requests = 20;

const paths: Record<string, string> = {
  nothing: '/v2.1',
  nothing_with_token: '/v2.1/extensions/os-services',
  flavors: '/v2.1/flavors',
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

const networkPaths: Record<string, string> = {
  ports: '/v2.0/ports',
  ports_limit_20: '/v2.0/ports?limit=20',
};

const pathsOfHosts: Record<string, string> = {
  hypervisors_detail_of_1000: '/v2.1/os-hypervisors/detail',
  hypervisors_detail_of_1000_limit_20: '/v2.1/os-hypervisors/detail?limit=20',
  services_of_1000: '/v2.1/os-services',
  hosts_of_1000: '/novella/v1/hosts',
  pci_pools_of_1000: '/novella/v1/pci/pools',
  pci_pools_of_1000_limit_20: '/novella/v1/pci/pools?limit=20',
};

/**
 * Prints for each path `lists.cpu_ms` and `lists.longest_hold_ms` of one request, and
 * `lists.main_thread_ms`, the mean of twenty: medians of nine runs, with the least and the most.
 * For three of them also `lists.response_ms` and `lists.requests_per_s`, as their client measures them.
 */
export async function lists(): Promise<void> {
  await withNovella(fleet, async (novella, session) => {
    const server = await fill(novella, session);
    const ofServer: Record<string, string> = { ...paths, server: `/v2.1/servers/${server}` };
    await measureAll(novella, session, { paths: ofServer, at: novella.computeUrl });
    for (const list of ['servers_detail', 'servers_detail_limit_20', 'server']) {
      const { href } = new URL(ofServer[list] ?? '', novella.computeUrl);
      await printResponseTimes('lists', { list }, () => get(session, href));
    }
    const at = session.endpoints['network'] ?? '';
    await measureAll(novella, session, { paths: networkPaths, at });
  });
  await withNovella(largeFleet, (novella, session) =>
    measureAll(novella, session, { paths: pathsOfHosts, at: novella.computeUrl }),
  );
}

async function withNovella(
  of: Fleet,
  act: (novella: RunningNovella, session: Session) => Promise<void>,
): Promise<void> {
  const novella = await startNovella(of, undefined, { probe: 'probe.ts' });
  try {
    await act(novella, await novella.login());
  } finally {
    await novella.stop();
  }
}

/** `at`: the URL of the service that has the paths. */
async function measureAll(
  novella: RunningNovella,
  session: Session,
  { paths: all, at }: { paths: Record<string, string>; at: string },
): Promise<void> {
  for (const [list, path] of Object.entries(all)) {
    await measure(novella, session, { list, url: new URL(path, at).href });
  }
}

/** The id of a live server. */
async function fill(novella: RunningNovella, session: Session): Promise<string> {
  const ground = await prepareGround(session);
  const [stays, goes] = await createPorts(ground, 2);
  const { results } = await bootServers(ground, [stays ?? '', goes ?? ''], 1);
  const [first = '', second = ''] = results;
  await deleteServers(ground, [second], 1);
  copyServer(novella.databaseFile, first, live - 1);
  copyServer(novella.databaseFile, second, deleted - 1);
  return first;
}

async function measure(
  novella: RunningNovella,
  session: Session,
  { list, url }: { list: string; url: string },
): Promise<void> {
  const answers: (Pick<ProbeAnswer, 'cpuMs' | 'longestMs' | 'mainMs'> & { kib: number })[] = [];
  for (let run = 0; run < warmUp + runs; run += 1) {
    await probe(novella);
    const kib = await get(session, url);
    const { cpuMs, longestMs } = await probe(novella);
    for (let at = 0; at < requests; at += 1) await get(session, url);
    const mainMs = (await probe(novella)).mainMs / requests;
    if (run >= warmUp) answers.push({ cpuMs, longestMs, mainMs, kib });
  }
  const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  const kib = Math.round(answers[0]?.kib ?? 0);
  const figures = {
    cpu_ms: 'cpuMs',
    longest_hold_ms: 'longestMs',
    main_thread_ms: 'mainMs',
  } as const;
  for (const [figure, key] of Object.entries(figures)) {
    const values = answers.map((answer) => answer[key]);
    const [least, most] = [Math.min(...values), Math.max(...values)].map(
      (ms) => Math.round(ms * 100) / 100,
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

async function get({ token }: Session, url: string): Promise<number> {
  const headers = { 'x-auth-token': token, 'openstack-api-version': `compute ${microversion}` };
  const response = await fetch(url, { headers });
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`GET ${url}: ${response.status}`);
  return byteLength / 1_024;
}

async function probe({ process: child }: RunningNovella): Promise<ProbeAnswer> {
  child.send('probe');
  const [answer] = await once(child, 'message');
  return answer as ProbeAnswer;
}
