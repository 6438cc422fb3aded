/** A port that its owner changes between the acceptance of a server and its binding. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '#contracts/store/store.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import {
  aComputeWorld,
  aPort,
  type ComputeWorld,
  networkId,
  portId,
} from '#test/worlds/compute-world.ts';
import { aHost, aNic, aVf, taskOf } from '#test/worlds/store-rows.ts';
import { bindPorts } from './bind-ports.ts';

const requestId = 'request-1';
let world: ComputeWorld;

beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** A server at its step `bind-ports`, whose port is read back with this vnic type. */
async function aTask(readBack: VnicType, { device }: { device: boolean }): Promise<Task<'boot'>> {
  const hostId = await aHost(world.store, [aVf('0000:81:00.1')]);
  const nic = aNic({ portId, networkId, pciRequestId: device ? requestId : null, vif: null });
  const server = await world.server({ hostId, hostName: 'host-1', nics: [nic] });
  const held = { status: 'claimed', serverId: server.id, requestId } as const;
  const { generation } = (await world.store.hosts.get(hostId))!;
  if (device) {
    const devices = [aVf('0000:81:00.1', held)];
    await world.store.hosts.update({ hostId, generation, devices });
  }
  world.context.network.updatePort = async (id) =>
    aPort(id, { vnicType: readBack, vifType: 'hostdev_physical', vifDetails: { vlan: '100' } });
  return taskOf('boot', await world.store.tasks.of(server.id));
}

test.each([
  { name: 'a VF was claimed, direct-physical', device: true, readBack: 'direct-physical' },
  { name: 'a VF was claimed, normal', device: true, readBack: 'normal' },
  { name: 'no device was claimed, direct', device: false, readBack: 'direct' },
] as const)(
  'a port whose vnic type was changed is not handed to a guest: $name',
  async ({ device, readBack }) => {
    const task = await aTask(readBack, { device });
    await expect(bindPorts(world.context, task)).rejects.toMatchObject({
      // No other host is tried.
      kind: 'conflict',
      message: `port ${portId}: its binding:vnic_type was changed to ${readBack} while it was being bound`,
    });
  },
);
