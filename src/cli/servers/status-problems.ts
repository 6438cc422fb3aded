/** What is wrong with a cloud, in sentences: of its controller, its hosts and its servers. */
import type { ControllerStatus, DiskView, TaskView } from '#client/shapes/status.ts';
import type { HostView } from '#client/shapes/hosts.ts';
import type { ServerView } from '#client/servers.ts';

/** A server or task that is busy for longer than this is named. */
const longBusyMs = 10 * 60_000;
/** An upload or a backup needs more than this. */
const leastFreeBytes = 1024 ** 3;

export interface Seen {
  health: string;
  hosts: readonly HostView[];
  servers: readonly ServerView[];
  controller: ControllerStatus;
  now: number;
}

/** None: all is well. Example: `host hv1: down, its agent does not report`. */
export function statusProblems({ health, hosts, servers, controller, now }: Seen): string[] {
  const open = new Map(controller.tasks.oldest.map((task) => [task.server_id, task]));
  const listed = new Set(servers.map(({ id }) => id));
  const hidden = controller.tasks.oldest.filter((task) => !listed.has(task.server_id));
  return [
    ...(health === 'OK' ? [] : [`compute service: ${health}`]),
    ...controller.disks.filter(isNearlyFull).map((disk) => `disk: ${diskText(disk)}`),
    ...(hosts.length === 0 ? ['no host has reported yet'] : []),
    ...hosts.flatMap(hostProblems),
    ...servers.flatMap((server) => serverProblems(server, open.get(server.id), now)),
    ...hidden.flatMap((task) => taskProblems(task, now)),
  ];
}

/** Example: `75.2 of 252.0 GiB free (state, images)`; a disk below 1 GiB in MiB. */
export function diskText({ uses, free_bytes: free, size_bytes: size }: DiskView): string {
  const [unit, bytes] = size < 1024 ** 3 ? ['MiB', 1024 ** 2] : ['GiB', 1024 ** 3];
  const amount = (of: number) => (of / bytes).toFixed(1);
  return `${amount(free)} of ${amount(size)} ${unit} free (${uses.join(', ')})`;
}

function isNearlyFull({ free_bytes: free }: DiskView): boolean {
  return free < leastFreeBytes;
}

/** A disabled host is an administrator's choice, and no problem. */
function hostProblems({ name, state, problems, last_seen_at: seen }: HostView): string[] {
  const why =
    seen === null
      ? 'it has no valid token, so its agent cannot connect'
      : 'its agent does not report';
  const down = state === 'down' ? [`host ${name}: down, ${why}`] : [];
  return [...down, ...problems.map(({ message }) => `host ${name}: ${firstLine(message)}`)];
}

function serverProblems(server: ServerView, open: TaskView | undefined, now: number): string[] {
  const title = `server ${server.name} (${server.id})`;
  if (server.status === 'ERROR') {
    return [`${title}: ERROR: ${firstLine(server.fault?.message ?? 'no reason was given')}`];
  }
  const task = server['OS-EXT-STS:task_state'];
  const busyMs = now - Date.parse(server.updated);
  if (task === null || busyMs < longBusyMs) return [];
  const step = open === undefined ? '' : `, at step ${stepText(open)}`;
  return [`${title}: has been ${task} for ${minutes(busyMs)}${step}`];
}

/** Of a server that is deleted, or is not listed for another reason. */
function taskProblems(task: TaskView, now: number): string[] {
  const openMs = task.started_at === null ? 0 : now - Date.parse(task.started_at);
  if (openMs < longBusyMs) return [];
  return [
    `task ${task.kind} of server ${task.server_id}: ${minutes(openMs)}, at step ${stepText(task)}`,
  ];
}

/** Example: `bind-ports, which is tried again at 2026-01-02T04:05:00Z`. */
function stepText({ step, state, due_at: dueAt }: TaskView): string {
  const waits = {
    running: 'which runs',
    queued: 'which is due',
    host: 'which waits for its host',
    waiting: `which is tried again at ${dueAt ?? 'an unknown time'}`,
  };
  return `${step}, ${waits[state]}`;
}

function minutes(milliseconds: number): string {
  return `${Math.floor(milliseconds / 60_000)} minutes`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
