/**
 * A user's request becomes a workflow: what is recorded, what is refused, and how its end comes.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Caller } from '#contracts/services/identity.ts';
import type { Store, Task, TaskKind } from '#contracts/store/store.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { Server, VmState } from '#core/servers/server.ts';
import { migratedStore } from '#test/migrated-database.ts';
import { inProcessWakeup } from '#integrations/wakeup/in-process.ts';
import { aBoot, aHost } from '#test/worlds/store-rows.ts';
import { HostLinks } from '../hosts/host-links.ts';
import {
  beginAction,
  beginAfterNicChanges,
  endOfAction,
  type NewWorkflow,
  refuseSilentHost,
  refuseState,
} from './begin-action.ts';
import { FleetView } from '../hosts/fleet-view.ts';
import type { WorkflowContext } from './context.ts';

const caller = { userId: 'ann', projectId: 'blue' } as Caller;
const stop: NewWorkflow<'act'> = {
  kind: 'act',
  step: 'command-host',
  data: { act: 'stop' },
  action: 'stop',
  requestId: 'req-9',
  change: { taskState: 'powering-off' },
};

let store: Store;
let time: { now: number };
let links: HostLinks;
let notified: string[];
let context: WorkflowContext;

beforeEach(async () => {
  time = { now: 1_000 };
  notified = [];
  const clock = { now: () => time.now };
  ({ store } = await migratedStore(':memory:', { clock }));
  links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs: 60_000 });
  const wakeup = inProcessWakeup();
  const notify = wakeup.notify.bind(wakeup);
  wakeup.notify = (topic) => {
    notified.push(topic);
    notify(topic);
  };
  let ids = 0;
  const newId = () => `id-${(ids += 1)}`;
  const fleet = new FleetView();
  context = { store, clock, newId, links, wakeup, fleet } as unknown as WorkflowContext;
});
afterEach(async () => {
  vi.useRealTimers();
  await store.close();
});

/** A server for which nothing runs; without a host unless the test gives one. */
async function idleServer(change: Partial<Omit<Server, 'serial'>> = {}): Promise<Server> {
  const task = await aBoot(store, change);
  await store.commit({ task, next: null });
  return (await store.servers.get(task.serverId))!;
}

/** A server on a host that has linked once, and has been silent since. */
async function serverOnSilentHost(): Promise<Server> {
  const hostId = await aHost(store, []);
  await store.hosts.seen(hostId, time.now);
  time.now += 60_001;
  return idleServer({ hostId, hostName: 'host-1' });
}

/** Records that a workflow of this kind runs for the server. */
async function running(kind: TaskKind, serverId: string): Promise<Task> {
  const step = { detach: 'detach-nic', act: 'command-host' }[kind as string] ?? 'follow';
  const data = { detach: { nicId: 'nic' }, act: { act: 'stop' } }[kind as string];
  const task = { id: `${kind}-task`, serverId, kind, step, actionId: `${kind}-action`, dueAt: 0 };
  const followed = { moved: [], upTo: 1 };
  return store.tasks.begin({ ...task, data: data ?? followed } as Task, null, {});
}

async function end(task: Task): Promise<void> {
  await store.commit({ task, next: null });
  context.wakeup.notify(`ended:${task.serverId}`);
}

/** As the compiler cannot see it: what was thrown, or undefined. */
async function refusal(act: Promise<unknown>): Promise<ComputeError | undefined> {
  return act.then(
    () => undefined,
    (error: unknown) => error as ComputeError,
  );
}

describe('a workflow is begun', () => {
  test('task, action and change of the server are recorded, and the dispatcher is woken', async () => {
    const server = await idleServer();
    const begun = await beginAction(context, caller, server, stop);
    expect(begun).toEqual({
      id: 'id-2',
      serverId: server.id,
      kind: 'act',
      step: 'command-host',
      data: { act: 'stop' },
      actionId: 'id-1',
      request: { requestId: 'req-9' },
      dueAt: 1_000,
      epoch: 2,
    });
    expect(await store.tasks.of(server.id)).toEqual(begun);
    expect(await store.servers.action(server.id, 'req-9')).toMatchObject({
      id: 'id-1',
      action: 'stop',
      userId: 'ann',
      projectId: 'blue',
      startedAt: 1_000,
    });
    expect(await store.servers.get(server.id)).toMatchObject({ taskState: 'powering-off' });
    expect(notified).toEqual(['tasks']);
  });

  test('any process may take it at once', async () => {
    const server = await idleServer();
    const begun = await beginAction(context, caller, server, stop);
    const leased = await store.tasks.lease('there', 1_000, 60_000, { limit: 1 });
    expect(leased).toEqual([begun]);
  });

  test('one that its request continues is leased to the request for five minutes', async () => {
    const server = await idleServer();
    await beginAction(context, caller, server, { ...stop, isLeased: true });
    const leasedAt = async (now: number) =>
      (await store.tasks.lease('there', now, 60_000, { limit: 1 })).length;
    expect(await leasedAt(1_000 + 299_999)).toBe(0);
    expect(await leasedAt(1_000 + 300_001)).toBe(1);
  });

  test('it is refused while another workflow runs, which continues', async () => {
    const server = await idleServer();
    const first = await running('act', server.id);
    const error = await refusal(beginAction(context, caller, server, stop));
    expect(error?.kind).toBe('conflict');
    expect(await store.tasks.of(server.id)).toEqual(first);
    expect(notified).toEqual([]);
  });

  test('it is refused while the host is silent, and nothing is recorded', async () => {
    const server = await serverOnSilentHost();
    const error = await refusal(beginAction(context, caller, server, stop));
    expect(error?.kind).toBe('conflict');
    expect(await store.tasks.of(server.id)).toBeUndefined();
  });
});

describe('a silent host', () => {
  test('it refuses the action; only the detail, for operators, names the host', async () => {
    const server = await serverOnSilentHost();
    const error = await refusal(refuseSilentHost(context, server, 'stop'));
    expect(error).toMatchObject({
      kind: 'conflict',
      message: `Cannot 'stop' instance ${server.id}: its host is not reachable`,
      detail: 'host host-1',
    });
  });

  test('it refuses nothing once it is linked again', async () => {
    const server = await serverOnSilentHost();
    links.opened(server.hostId!);
    expect(await refusal(refuseSilentHost(context, server, 'stop'))).toBeUndefined();
  });

  test('a server without a host waits for none', async () => {
    const server = await idleServer();
    expect(await refusal(refuseSilentHost(context, server, 'stop'))).toBeUndefined();
  });
});

describe('a workflow that follows changes of NICs', () => {
  test.each(['detach', 'follow-ports'] satisfies TaskKind[])(
    'it waits for a running %s, and begins then',
    async (kind) => {
      const server = await idleServer();
      const change = await running(kind, server.id);
      const begun = beginAfterNicChanges(context, caller, server, stop);
      await new Promise(setImmediate);
      expect(await store.tasks.of(server.id)).toEqual(change);
      await end(change);
      expect(await begun).toMatchObject({ kind: 'act' });
    },
  );

  test('it waits for one change after the other', async () => {
    const server = await idleServer();
    const first = await running('detach', server.id);
    const begun = beginAfterNicChanges(context, caller, server, stop);
    // Between the end of one and the beginning of the other nothing else is taken.
    const begin = store.tasks.begin.bind(store.tasks);
    let second: Task | undefined;
    store.tasks.begin = async (...all) => {
      second ??= await begin({ ...first, id: 'second', actionId: 'second' }, null, {});
      return begin(...all);
    };
    await end(first);
    await vi.waitFor(() => expect(second).toBeDefined());
    await end(second!);
    expect(await begun).toMatchObject({ kind: 'act' });
  });

  test('a change that ends just as it is found in the way does not refuse it', async () => {
    const server = await idleServer();
    const change = await running('detach', server.id);
    const of = store.tasks.of.bind(store.tasks);
    vi.spyOn(store.tasks, 'of').mockImplementationOnce(async (id) => {
      await end(change);
      return of(id);
    });
    expect(await beginAfterNicChanges(context, caller, server, stop)).toMatchObject({
      kind: 'act',
    });
  });

  test('it is refused at once while anything else runs', async () => {
    const server = await idleServer();
    await running('act', server.id);
    const error = await refusal(beginAfterNicChanges(context, caller, server, stop));
    expect(error).toMatchObject({ kind: 'conflict' });
  });

  test('what no wait would change is reported although a NIC change runs', async () => {
    const server = await idleServer();
    await running('detach', server.id);
    store.tasks.begin = () => Promise.reject(new ComputeError('notFound', 'no such server'));
    const error = await refusal(beginAfterNicChanges(context, caller, server, stop));
    expect(error).toMatchObject({ kind: 'notFound' });
  });

  test('it is refused while the host is silent', async () => {
    const server = await serverOnSilentHost();
    const error = await refusal(beginAfterNicChanges(context, caller, server, stop));
    expect(error).toMatchObject({ kind: 'conflict' });
  });
});

const active: VmState[] = ['active'];
test.each<{
  name: string;
  given: { vmState: VmState; taskState: string | null; allowed: VmState[] };
  gives: string | undefined;
}>([
  {
    name: 'a state that is allowed, and no task',
    given: { vmState: 'active', taskState: null, allowed: active },
    gives: undefined,
  },
  {
    name: 'the second state that is allowed',
    given: { vmState: 'active', taskState: null, allowed: ['stopped', 'active'] },
    gives: undefined,
  },
  {
    name: 'another state',
    given: { vmState: 'stopped', taskState: null, allowed: active },
    gives: 'vm_state stopped',
  },
  {
    name: 'a state that is allowed, with a task in progress',
    given: { vmState: 'active', taskState: 'rebooting', allowed: active },
    gives: 'task_state rebooting',
  },
  {
    name: 'another state with a task in progress: the task is the reason',
    given: { vmState: 'stopped', taskState: 'powering-on', allowed: active },
    gives: 'task_state powering-on',
  },
  {
    name: 'no state is allowed',
    given: { vmState: 'active', taskState: null, allowed: [] },
    gives: 'vm_state active',
  },
])('the state of the server: $name', async ({ given, gives }) => {
  const server = { id: 's-1', ...given } as unknown as Server;
  const error = await refusal((async () => refuseState(server, 'reboot', given.allowed))());
  const kind: ErrorKind = 'conflict';
  if (gives === undefined) expect(error).toBeUndefined();
  else {
    const message = `Cannot 'reboot' instance s-1 while it is in ${gives}`;
    expect(error).toMatchObject({ kind, message });
  }
});

describe('the end of an action', () => {
  test('it comes when the workflow has ended', async () => {
    const server = await idleServer();
    const task = await beginAction(context, caller, server, stop);
    const other = await beginAction(context, caller, await idleServer(), {
      ...stop,
      requestId: 'req-10',
    });
    let isEnded = false;
    const ended = endOfAction(context, server.id, task.actionId).then((action) => {
      isEnded = true;
      return action;
    });
    await end(other);
    expect(isEnded).toBe(false);
    await end(task);
    expect(await ended).toMatchObject({ id: task.actionId, requestId: 'req-9' });
  });

  test('it comes when another workflow has taken the server over', async () => {
    const server = await idleServer();
    const { actionId } = await beginAction(context, caller, server, stop);
    await running('detach', server.id);
    expect(await endOfAction(context, server.id, actionId)).toMatchObject({ id: actionId });
  });

  test('an action that does not exist has ended, and is undefined', async () => {
    const server = await idleServer();
    await beginAction(context, caller, server, stop);
    expect(await endOfAction(context, server.id, 'unknown')).toBeUndefined();
  });

  test('it is waited for during 60 s; the workflow continues', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const server = await idleServer();
    const task = await beginAction(context, caller, server, stop);
    let read = 0;
    const of = store.tasks.of.bind(store.tasks);
    store.tasks.of = async (id) => {
      const found = await of(id);
      read += 1;
      return found;
    };
    const waited = refusal(endOfAction(context, server.id, task.actionId));
    const readAgain = async () => {
      const before = read;
      context.wakeup.notify(`ended:${server.id}`);
      await vi.waitUntil(() => read > before);
    };
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    time.now += 60_000;
    await readAgain();
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    time.now += 1;
    await readAgain();
    expect(await waited).toMatchObject({
      kind: 'unavailable',
      message: `instance ${server.id}: the action has not ended within 60 s; it continues, see its events`,
    });
    // Nothing is left that would poll again.
    expect(vi.getTimerCount()).toBe(0);
    expect(await store.tasks.of(server.id)).toEqual(task);
  });
});
