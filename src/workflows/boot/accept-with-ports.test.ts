/** What else may happen while the ports of a request's servers are created. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewServer } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { noLimits } from '#core/quotas/limits.ts';
import {
  aComputeWorld,
  callerOf,
  type ComputeWorld,
  networkId,
  portId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { aNewServer, aNic } from '#test/worlds/store-rows.ts';
import { acceptWithPorts } from './accept-with-ports.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { deleteServer } from '../removal/delete-server.ts';

const unlimitedQuotas = { standard: noLimits, exceptions: {} };

const member = callerOf('member');
let world: ComputeWorld;

beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/**
 * A server of the project with one NIC on the network, and with the user's port where that is
 * requested.
 */
function aRequest({ port }: { port?: string } = {}): NewServer<'boot'> {
  const named = aNic({ networkId, portId: null });
  const nics = port === undefined ? [named] : [aNic({ portId: port, networkId }), named];
  return aNewServer({ projectId, nics: nics.map((nic, position) => ({ ...nic, position })) });
}

/** The world, in which each creation of a port first runs the given function for its turn. */
function whenCreating(...acts: (() => Promise<unknown> | void)[]): WorkflowContext {
  const { context } = world;
  return {
    ...context,
    network: {
      ...context.network,
      async createPort(port, caller) {
        const made = await context.network.createPort(port, caller);
        await acts.shift()?.();
        return made;
      },
    },
  };
}

const nothing = () => undefined;
const refuse = (kind: 'overQuota' | 'conflict') => () => {
  throw new ComputeError(kind, 'no more');
};
const remove = (newServer: NewServer<'boot'>) => async () => {
  const server = await world.store.servers.get(newServer.server.id);
  await deleteServer(world.context, member, server!, 'req-2');
};

const made = () => [...world.ports.values()].filter(({ id }) => id !== portId);
const owners = () => made().map(({ deviceId }) => deviceId);
const taskOf = (newServer: NewServer<'boot'>) => world.store.tasks.of(newServer.server.id);

/** The kinds of the tasks that can be taken now. */
async function due(): Promise<string[]> {
  const tasks = await world.store.tasks.lease('dispatcher', world.time.now, 1_000, { limit: 10 });
  return tasks.map(({ kind }) => kind);
}

test('servers boot once they have their ports, and no task can be taken before', async () => {
  const newServers = [aRequest(), aRequest()];
  const context = whenCreating(async () => expect(await due()).toEqual([]));
  const servers = await acceptWithPorts(context, member, {
    newServers,
    quota: { configured: unlimitedQuotas, minCount: 2 },
  });
  expect(servers.map(({ nics }) => nics[0])).toMatchObject(
    made().map(({ id }) => ({ portId: id, ownsPort: true })),
  );
  expect(await taskOf(newServers[0]!)).toMatchObject({ kind: 'boot', step: 'schedule' });
  expect(await due()).toEqual(['boot', 'boot']);
});

test('a server that its user deletes during the request keeps no port; the others boot', async () => {
  const newServers = [aRequest(), aRequest()];
  const context = whenCreating(remove(newServers[0]!));
  const servers = await acceptWithPorts(context, member, {
    newServers,
    quota: { configured: unlimitedQuotas, minCount: 2 },
  });
  expect(servers.map(({ id }) => id)).toEqual([newServers[1]!.server.id]);
  expect(owners()).toEqual([newServers[1]!.server.id]);
  expect((await due()).toSorted()).toEqual(['boot', 'delete']);
});

test('when the only server is deleted during the request, the request gets that error', async () => {
  const newServer = aRequest();
  const answer = acceptWithPorts(whenCreating(remove(newServer)), member, {
    newServers: [newServer],
    quota: { configured: unlimitedQuotas, minCount: 1 },
  });
  await expect(answer).rejects.toMatchObject({
    kind: 'conflict',
    message: `instance ${newServer.server.id} was deleted while its ports were made`,
  });
  expect(made()).toEqual([]);
  expect(await due()).toEqual(['delete']);
});

test.each([
  { ends: 'made', act: nothing, expected: 'was deleted while its ports were made' },
  { ends: 'refused', act: refuse('conflict'), expected: 'no more' },
])(
  'a request that outlives its lease keeps nothing, its last port being $ends',
  async ({ act, expected }) => {
    const newServer = aNewServer({
      projectId,
      nics: [aNic({ networkId, portId: null }), aNic({ networkId, portId: null, position: 1 })],
    });
    const late = async () => {
      world.time.now += 301_000;
      expect(await due()).toEqual(['delete']);
    };
    const answer = acceptWithPorts(whenCreating(late, act), member, {
      newServers: [newServer],
      quota: { configured: unlimitedQuotas, minCount: 1 },
    });
    await expect(answer).rejects.toThrow(expected);
    expect(made()).toEqual([]);
  },
);

test('a refused server is deleted: its own ports are deleted at once, and the refusal has the reason', async () => {
  const newServer = aRequest({ port: portId });
  const answer = acceptWithPorts(whenCreating(refuse('conflict')), member, {
    newServers: [newServer],
    quota: { configured: unlimitedQuotas, minCount: 1 },
  });
  await expect(answer).rejects.toMatchObject({ kind: 'invalid' });
  const { id } = newServer.server;
  expect(await world.store.servers.get(id)).toMatchObject({ taskState: 'deleting' });
  const [action] = await world.store.servers.actions(id);
  expect(action).toMatchObject({
    message: expect.stringContaining('no more'),
    events: [{ name: 'make_ports', result: 'Error' }],
  });
  await world.store.servers.create(aRequest({ port: portId }));
  expect((await due()).toSorted()).toEqual(['boot', 'delete']);
});

test.each([
  { minCount: 2, accepted: 2, tasks: ['boot', 'boot', 'delete'] },
  { minCount: 3, accepted: 0, tasks: ['delete', 'delete', 'delete'] },
])(
  'a quota that is full after two of four, minimum $minCount: $accepted boot',
  async ({ minCount, accepted, tasks }) => {
    const newServers = [aRequest(), aRequest(), aRequest(), aRequest()];
    const context = whenCreating(nothing, nothing, refuse('overQuota'));
    const answer = acceptWithPorts(context, member, {
      newServers,
      quota: { configured: unlimitedQuotas, minCount },
    });
    if (accepted === 0) await expect(answer).rejects.toMatchObject({ kind: 'overQuota' });
    else expect(await answer).toHaveLength(accepted);
    expect((await due()).toSorted()).toEqual(tasks);
    expect(await world.store.servers.get(newServers[3]!.server.id)).toBeUndefined();
  },
);

test('an unexpected error reveals no internals', async () => {
  const newServer = aRequest();
  const context = whenCreating(() => {
    throw new TypeError('cannot read of undefined');
  });
  const answer = acceptWithPorts(context, member, {
    newServers: [newServer],
    quota: { configured: unlimitedQuotas, minCount: 1 },
  });
  await expect(answer).rejects.toThrow('cannot read of undefined');
  const [action] = await world.store.servers.actions(newServer.server.id);
  expect(action).toMatchObject({ message: 'internal error' });
});

test('no port is created for servers beyond the quota, and those within it boot', async () => {
  const newServers = [aRequest(), aRequest(), aRequest()];
  const quota = {
    configured: { ...unlimitedQuotas, exceptions: { instances: 2 } },
    minCount: 1,
  };
  expect(await acceptWithPorts(world.context, member, { newServers, quota })).toHaveLength(2);
  expect(made()).toHaveLength(2);
  const more = acceptWithPorts(world.context, member, { newServers: [aRequest()], quota });
  await expect(more).rejects.toMatchObject({
    kind: 'overQuota',
    message: 'Quota exceeded for instances: Requested 1, but already used 2 of 2 instances',
  });
  expect(made()).toHaveLength(2);
});

test('a quota that another request fills while ports are created is not exceeded', async () => {
  const newServers = [aRequest(), aRequest()];
  const quota = {
    configured: { ...unlimitedQuotas, exceptions: { instances: 2 } },
    minCount: 1,
  };
  const context = whenCreating(() => world.store.servers.create(aNewServer({ projectId })));
  expect(await acceptWithPorts(context, member, { newServers, quota })).toHaveLength(1);
  expect(await world.store.quotaUsage(projectId)).toMatchObject({ instances: 2 });
});
