/** `novella status`: is the cloud well, and if not, what is wrong. */
import { type HostView, listHosts, listPools, type PoolView } from './operator-api.ts';
import { allServers, type ServerView } from './server-list.ts';
import { type Screen, writeJson, writeLines } from './screen.ts';
import { healthOf, type Session } from './session.ts';
import { bold, tableLines } from './table.ts';

/** A server that is busy for longer than this is named. */
const longBusyMs = 10 * 60_000;

/** The document of `--json`. */
export interface Status {
  version: string;
  /** `OK`, or why requests would fail now. */
  health: string;
  hosts: HostView[];
  /** How many servers are in each status. Example: `{ "ACTIVE": 3, "ERROR": 1 }`. */
  servers: Record<string, number>;
  /** Free VFs of all hosts, by physical network; '' for those without one. */
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
  const [health, hosts, servers, { pools }] = await Promise.all([
    healthOf(session),
    listHosts(session),
    allServers(session),
    listPools(session),
  ]);
  const status: Status = {
    version,
    health,
    hosts,
    servers: countBy(servers, ({ status: name }) => name),
    free_vfs: freeVfs(pools),
    problems: [
      ...(health === 'OK' ? [] : [`compute service: ${health}`]),
      ...(hosts.length === 0 ? ['no host has reported yet'] : []),
      ...hosts.flatMap(hostProblems),
      ...servers.flatMap((server) => serverProblems(server, now)),
    ],
  };
  if (json === true) writeJson(screen, status);
  else writeLines(screen, statusLines(status, { bold: screen.hasStyle === true }));
  return status.problems.length === 0 ? 0 : 1;
}

/** A disabled host is an administrator's choice, and no problem. */
function hostProblems({ name, state, problems }: HostView): string[] {
  const down = state === 'down' ? [`host ${name}: down, its agent does not report`] : [];
  return [...down, ...problems.map(({ message }) => `host ${name}: ${firstLine(message)}`)];
}

function serverProblems(server: ServerView, now: number): string[] {
  const title = `server ${server.name} (${server.id})`;
  if (server.status === 'ERROR') {
    return [`${title}: ERROR: ${firstLine(server.fault?.message ?? 'no reason was given')}`];
  }
  const task = server['OS-EXT-STS:task_state'];
  const busyMs = now - Date.parse(server.updated);
  if (task === null || busyMs < longBusyMs) return [];
  return [`${title}: has been ${task} for ${Math.floor(busyMs / 60_000)} minutes`];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function freeVfs(pools: readonly PoolView[]): Record<string, number> {
  const free: Record<string, number> = {};
  for (const { dev_type: type, physical_network: network, count } of pools) {
    if (type !== 'type-VF') continue;
    free[network ?? ''] = (free[network ?? ''] ?? 0) + count;
  }
  return free;
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
    ['Free VFs', counts(status.free_vfs) || 'none'],
  ];
  return [
    ...facts.map(([title, text]) => `${heading(title.padEnd(8))}  ${text}`),
    ...(hosts.length === 0 ? [] : ['', ...tableLines(hostColumns, hosts, style)]),
    '',
    ...(problems.length === 0
      ? ['Nothing is wrong.']
      : [heading(`Problems: ${problems.length}`), ...problems.map((problem) => `  ${problem}`)]),
  ];
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
  { title: 'FREE', value: (host: HostView) => String(host.devices_free), align: 'right' },
  { title: 'PROBLEMS', value: (host: HostView) => String(host.problems.length), align: 'right' },
] as const;
