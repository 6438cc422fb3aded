/** What a live migration will be like, recorded before the guest is touched. */
import type { ActionEvent, Host } from '#contracts/store/store.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { isPciNic } from '#core/guests/description/guest.ts';
import { announcement, nicWay, type Peer, type SharedPf } from '#core/guests/moves/live-ways.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';

/** `guest`: as it will be on the new host, where its devices are claimed. */
export async function announceLive(
  context: WorkflowContext,
  server: Server,
  { guest, host }: { guest: Guest; host: Host },
): Promise<ActionEvent> {
  const startedAt = context.clock.now();
  const details = announcement({
    host: host.name,
    nics: guest.nics,
    isPaused: server.vmState === 'paused',
    shared: await sharedPfs(context, server, { guest, host }),
  });
  return { ...finishedEvent(context, 'plan_move', startedAt, { host: host.name }), details };
}

/**
 * The PFs whose VFs get the guest's MAC before it comes, and the other servers there: a card
 * switches frames between its own functions.
 */
async function sharedPfs(
  { fleet, store }: WorkflowContext,
  { id: serverId }: Server,
  { guest, host }: { guest: Guest; host: Host },
): Promise<SharedPf[]> {
  const { rows } = await fleet.devices(store.hosts, host);
  const shared = new Map<string, { pf: string; ports: string[]; serverIds: Set<string> }>();
  for (const nic of guest.nics) {
    if (!isPciNic(nic) || nicWay(nic) === 'unplug') continue;
    const own = rows.find(({ address }) => address === nic.address);
    const parent = own?.parentAddress ?? null;
    if (own === undefined || parent === null) continue;
    const found = shared.get(parent);
    if (found !== undefined) found.ports.push(nic.portId);
    else {
      shared.set(parent, {
        pf: own.parentIfname ?? parent,
        ports: [nic.portId],
        serverIds: new Set(holdersOf(rows, parent, serverId)),
      });
    }
  }
  return Promise.all(
    [...shared.values()].map(async ({ serverIds, ...each }) => ({
      ...each,
      peers: (await Promise.all([...serverIds].map((id) => peer(store, id)))).flat(),
    })),
  );
}

function holdersOf(rows: readonly PciDevice[], pf: string, ownId: string): string[] {
  return rows.flatMap(({ parentAddress, serverId }) =>
    parentAddress === pf && serverId !== null && serverId !== ownId ? [serverId] : [],
  );
}

async function peer({ servers }: WorkflowContext['store'], id: string): Promise<Peer[]> {
  const server = await servers.get(id);
  return server === undefined ? [] : [{ id, name: server.name }];
}
