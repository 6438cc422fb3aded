/** `novella status`: is the cloud healthy, and if not, what is wrong. */
import type { ControllerStatus } from '#client/shapes/status.ts';
import { controllerStatus, listHosts, listPools } from '#client/operator-api.ts';
import type { HostView } from '#client/shapes/hosts.ts';
import type { PoolView } from '#client/shapes/pci.ts';
import { allServers } from '#client/servers.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import { healthOf } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { diskText, statusProblems } from './status-problems.ts';
import { bold, tableLines } from '../terminal/table.ts';
import { wrap } from '../terminal/wrap.ts';

/** The document of `--json`. */
export interface Status extends ControllerStatus {
  version: string;
  /** `OK`, or why requests would fail now. */
  health: string;
  hosts: HostView[];
  /** How many servers are in each status. Example: `{ "ACTIVE": 3, "ERROR": 1 }`. */
  servers: Record<string, number>;
  /** Free VFs of the hosts that are up, by physical network; '' for those without one. */
  free_vfs: Record<string, number>;
  /** In sentences; none: all is well. */
  problems: string[];
}

/** Prints the status; returns the exit status: 0 all is well, 1 something is not. */
export async function showStatus(
  session: Session,
  { json, version, now }: { json?: boolean; version: string; now: number },
  screen: Screen,
): Promise<number> {
  const [health, hosts, servers, { pools }, controller] = await Promise.all([
    healthOf(session),
    listHosts(session),
    allServers(session),
    listPools(session),
    controllerStatus(session),
  ]);
  const status: Status = {
    version,
    health,
    hosts,
    servers: countBy(servers, ({ status: name }) => name),
    free_vfs: freeVfs(pools, hosts),
    ...controller,
    problems: statusProblems({ health, hosts, servers, controller, now }),
  };
  if (json === true) writeJson(screen, status);
  else writeLines(screen, statusLines(status, { bold: screen.hasStyle === true }));
  return status.problems.length === 0 ? 0 : 1;
}

function freeVfs(pools: readonly PoolView[], hosts: readonly HostView[]): Record<string, number> {
  const free: Record<string, number> = {};
  const up = new Set(hosts.filter(isUp).map(({ name }) => name));
  for (const { host, dev_type: type, physical_network: network, count } of pools) {
    if (type !== 'type-VF' || !up.has(host)) continue;
    free[network ?? ''] = (free[network ?? ''] ?? 0) + count;
  }
  return free;
}

/** What a host that is down has is of no use to a server now. */
function isUp({ state }: HostView): boolean {
  return state === 'up';
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string) {
  const groups = Map.groupBy(items, key);
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]));
}

function statusLines(status: Status, style: { bold: boolean }): string[] {
  const heading = (text: string) => (style.bold ? bold(text) : text);
  const { hosts, problems } = status;
  const facts: [string, string][] = [
    ['Novella', status.version],
    ['Health', status.health],
    ['Servers', counts(status.servers) || 'none'],
    ['Tasks', taskCounts(status.tasks)],
    ['Free VFs', counts(status.free_vfs) || 'none'],
    ...status.disks.map((disk): [string, string] => ['Disk', diskText(disk)]),
  ];
  return [
    ...facts.map(([title, text]) => `${heading(title.padEnd(8))}  ${text}`),
    ...(hosts.length === 0 ? [] : ['', ...tableLines(hostColumns, hosts, style)]),
    '',
    ...(problems.length === 0
      ? ['Nothing is wrong.']
      : [
          heading(`Problems: ${problems.length}`),
          ...problems.flatMap((problem) => wrap(problem, '  ')),
        ]),
  ];
}

/** Example: `2 running, 1 waiting for a host`. */
function taskCounts(tasks: ControllerStatus['tasks']): string {
  const counts = [
    [tasks.running, 'running'],
    [tasks.queued, 'queued'],
    [tasks.host, 'waiting for a host'],
    [tasks.waiting, 'waiting for a retry or an event'],
  ] as const;
  const some = counts.filter(([count]) => count > 0);
  return some.map(([count, label]) => `${count} ${label}`).join(', ') || 'none';
}

/** Example: `ACTIVE 3, ERROR 1`. */
function counts(amounts: Record<string, number>): string {
  return Object.entries(amounts)
    .map(([name, count]) => `${name === '' ? 'no physnet' : name} ${count}`)
    .join(', ');
}

const hostColumns = [
  { title: 'HOST', value: ({ name }: HostView) => name },
  { title: 'STATE', value: ({ state }: HostView) => state },
  { title: 'STATUS', value: ({ status }: HostView) => status },
  { title: 'GUESTS', value: (host: HostView) => String(host.running_guests), align: 'right' },
  {
    title: 'FREE DEVICES',
    value: (host: HostView) => (isUp(host) ? String(host.devices_free) : ''),
    align: 'right',
  },
  { title: 'PROBLEMS', value: (host: HostView) => String(host.problems.length), align: 'right' },
] as const;
