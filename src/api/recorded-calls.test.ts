/**
 * The requests of the stock client and Neutron, as recorded against a real Nova 31, get the same
 * answers.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server, TaskState, VmState } from '#core/servers/server.ts';
import {
  aComputeWorld,
  aPort,
  type ComputeWorld,
  flavorId,
  networkId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { keyPaths } from '#test/worlds/replay.ts';
import { aHost, aNic, taskOf } from '#test/worlds/store-rows.ts';

interface RecordedCall {
  command: string;
  method: string;
  path: string;
  microversion: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- recorded bodies of every shape
  body?: any;
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- recorded bodies of every shape
  response?: any;
}

const file = new URL('../../test/fixtures/recorded/compute-calls.json', import.meta.url);
const calls: RecordedCall[] = JSON.parse(readFileSync(file, 'utf8'));

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/**
 * An attach is answered when the guest has the NIC, and no guest runs here:
 * `test/scenarios/interfaces.test.ts` plays it.
 */
const isAttach = ({ method, path }: RecordedCall) =>
  method === 'POST' && path.endsWith('/os-interface');

for (const call of calls.filter((each) => !isAttach(each))) {
  const state = call.response?.server?.status ?? '';
  test(`recorded: ${call.command}: ${call.method} ${call.path} ${state}`, async () => {
    await arrange(call);
    const answer = await world.ask(`${call.method} ${call.path}`, {
      version: offeredVersion(call.microversion),
      ...(call.body !== undefined && { body: call.body }),
    });
    const { status } = answer;
    expect({ status, keys: keysOf(answer.body) }).toEqual({
      status: call.status,
      keys: keysOf(call.response),
    });
  });
}

function offeredVersion(recorded: string | null): string {
  if (recorded === null) return '';
  return recorded;
}

function keysOf(body: unknown): string[] {
  const labelled = JSON.parse(JSON.stringify(body ?? null), (_key, value: unknown) =>
    value === '' ? null : value,
  );
  return keyPaths(labelled);
}

/** Creates what the recorded reply mentions: its servers, and what they depend on. */
async function arrange(call: RecordedCall): Promise<void> {
  const { path, response, body } = call;
  for (const { port } of body?.server?.networks ?? []) {
    if (port !== undefined) world.ports.set(port, aPort(port));
  }
  if (path === '/v2.1/flavors') await world.store.flavors.remove(flavorId);
  const views =
    response?.servers ?? (call.method === 'GET' && response?.server ? [response.server] : []);
  const deleted = /servers\/([0-9a-f-]{36})$/.exec(call.method === 'DELETE' ? path : '')?.[1];
  const detached = /servers\/([0-9a-f-]{36})\/os-interface\/([0-9a-f-]{36})$/.exec(path);
  const events: { server_uuid: string; code: number }[] = response?.events ?? [];
  const hostId = await aHost(world.store, [], 'peer-compute-1');
  for (const view of views) await world.server(serverFrom(view, hostId));
  if (detached !== null) {
    const [, id = '', portId = ''] = detached;
    const nics = [aNic({ portId })];
    await world.server({ id, hostId, vmState: 'active', taskState: null, nics });
    const boot = taskOf('boot', await world.store.tasks.of(id));
    await world.store.commit({ task: boot, next: null });
  }
  if (deleted !== undefined) await world.server({ id: deleted });
  for (const { server_uuid: id, code } of events) {
    if (code === 200) await world.server({ id, hostId, hostName: 'peer-compute-1' });
  }
}

/** The server that a recorded view shows. */
// oxlint-disable-next-line typescript/no-explicit-any -- a recorded view
function serverFrom(view: any, hostId: string): Partial<Omit<Server, 'serial'>> {
  const isPlaced = view['OS-EXT-SRV-ATTR:host'] !== null;
  const launched = view['OS-SRV-USG:launched_at'];
  return {
    id: view.id,
    name: view.name,
    projectId,
    metadata: {},
    vmState: view['OS-EXT-STS:vm_state'] as VmState,
    taskState: view['OS-EXT-STS:task_state'] as TaskState,
    powerState: view['OS-EXT-STS:power_state'],
    hostId: isPlaced ? hostId : null,
    hostName: isPlaced ? 'peer-compute-1' : null,
    createdAt: Date.parse(view.created),
    updatedAt: Date.parse(view.updated),
    launchedAt: launched === null ? null : Date.parse(`${launched}Z`),
    nics: view.security_groups === undefined ? nicsFrom(view.addresses) : withPorts(view.addresses),
  };
}

/** Its groups are those of its ports; an unbound port has no address to show. */
function withPorts(addresses: Parameters<typeof nicsFrom>[0]) {
  const bound = nicsFrom(addresses);
  const nics = bound.length > 0 ? bound : [aNic({ portId: crypto.randomUUID(), networkId })];
  for (const { portId } of nics) world.ports.set(portId ?? '', aPort(portId ?? ''));
  return nics;
}

function nicsFrom(
  addresses: Record<string, { addr: string; 'OS-EXT-IPS-MAC:mac_addr': string }[]>,
) {
  return Object.entries(addresses).flatMap(([name, entries]) =>
    entries.map((entry, position) => {
      const portId = crypto.randomUUID();
      return aNic({
        position,
        portId,
        networkId,
        vif: {
          portId,
          macAddress: entry['OS-EXT-IPS-MAC:mac_addr'],
          vnicType: 'direct',
          vifType: 'hw_veb',
          details: {},
          profile: {},
          network: { id: networkId, name, mtu: 1500, bridge: null },
          fixedIps: [{ subnetId: 's', ipAddress: entry.addr }],
          devName: 'tap0',
          tag: null,
        },
      });
    }),
  );
}
