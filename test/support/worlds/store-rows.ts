/**
 * Rows for tests of the store: each builder returns a complete and valid row, and takes the fields
 * that the test is about.
 */
import type {
  NewServer,
  StoredTask,
  Store,
  Task,
  TaskKind,
  TaskStepOf,
  Transition,
} from '#contracts/store/store.ts';
import type { BootData } from '#contracts/store/task-data.ts';
import type { HypervisorFacts } from '#contracts/host/hypervisor.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';

export const facts: HypervisorFacts = {
  type: 'QEMU',
  version: 8002002,
  vcpus: 4,
  memoryMib: 16384,
  diskGib: 100,
  cpuModel: 'Skylake-Server',
  architecture: 'x86_64',
};

export function aFlavor(change: Partial<Flavor> = {}): Flavor {
  return {
    id: 'flavor-1',
    name: 'm1.small',
    vcpus: 1,
    memoryMib: 512,
    diskGib: 1,
    ephemeralGib: 0,
    swapMib: 0,
    rxtxFactor: 1.5,
    isPublic: true,
    isDisabled: false,
    description: null,
    extraSpecs: { 'pci_passthrough:alias': 'gpu:1' },
    ...change,
  };
}

export function aNic(change: Partial<ServerNic> = {}): ServerNic {
  return {
    id: crypto.randomUUID(),
    position: 0,
    ownsPort: false,
    vif: null,
    networkId: null,
    fixedIp: null,
    portId: crypto.randomUUID(),
    tag: null,
    pciRequestId: null,
    ...change,
  };
}

/** A server that is being built, without its serial. */
function aServer(change: Partial<Omit<Server, 'serial'>> = {}): Omit<Server, 'serial'> {
  return {
    id: crypto.randomUUID(),
    name: 'web',
    hostname: 'web',
    description: null,
    projectId: 'project-1',
    userId: 'user-1',
    imageId: 'image-1',
    imageProperties: { hw_vif_model: 'virtio' },
    flavor: aFlavor(),
    keyName: null,
    key: null,
    metadata: { role: 'web' },
    tags: [],
    userData: null,
    configDrive: true,
    accessIpv4: null,
    accessIpv6: null,
    diskConfig: 'MANUAL',
    shelvedImageId: null,
    availabilityZone: null,
    pinnedZone: null,
    reservationId: 'r-1',
    launchIndex: 0,
    locked: false,
    lockedReason: null,
    lockedBy: null,
    vmState: 'building',
    taskState: 'scheduling',
    powerState: 0,
    hostId: null,
    hostName: null,
    fault: null,
    createdAt: 1_000,
    updatedAt: 1_000,
    launchedAt: null,
    terminatedAt: null,
    deletedAt: null,
    nics: [],
    ...change,
  };
}

/** Of a boot on any host. */
export const bootData: BootData = {
  attempt: 1,
  availabilityZone: null,
  forcedHost: null,
  numa: null,
  failedHosts: [],
};

/** A server with the boot task that is due at 1000, and its action. */
export function aNewServer(change: Partial<Omit<Server, 'serial'>> = {}): NewServer<'boot'> {
  const server = aServer(change);
  const actionId = crypto.randomUUID();
  return {
    server,
    pciRequests: [],
    groupId: null,
    task: {
      id: crypto.randomUUID(),
      serverId: server.id,
      kind: 'boot',
      step: 'schedule',
      data: bootData,
      actionId,
      dueAt: 1_000,
    },
    action: {
      id: actionId,
      serverId: server.id,
      action: 'create',
      requestId: 'req-1',
      userId: server.userId,
      projectId: server.projectId,
      startedAt: 1_000,
    },
  };
}

/** A free VF of 0000:81:00.0. Example: `aVf('0000:81:00.2', { serverId })`. */
export function aVf(address: string, change: Partial<PciDevice> = {}): PciDevice {
  return {
    address: parsePciAddress(address),
    vendorId: '8086',
    productId: '10ca',
    deviceType: 'type-VF',
    parentAddress: parsePciAddress('0000:81:00.0'),
    numaNode: 0,
    ifname: 'ens1f0v0',
    parentIfname: 'ens1f0',
    macAddress: null,
    capabilities: { sriov: { pfMacAddress: '02:00:00:00:00:01', vfNum: 0 } },
    tags: { physical_network: 'physnet1' },
    status: 'available',
    serverId: null,
    requestId: null,
    ...change,
  };
}

/** The free PF 0000:81:00.0 that `aVf` makes VFs of. */
export function aPf(change: Partial<PciDevice> = {}): PciDevice {
  return aVf('0000:81:00.0', {
    productId: '10c9',
    vfProductId: '10ca',
    deviceType: 'type-PF',
    parentAddress: null,
    ifname: 'ens1f0',
    parentIfname: null,
    macAddress: '02:00:00:00:00:01',
    capabilities: {},
    ...change,
  });
}

/** A host with these devices. Returns its id. */
export async function aHost(store: Store, devices: PciDevice[], name = 'host-1'): Promise<string> {
  const { id, generation } = await store.hosts.register({
    name,
    availabilityZone: 'nova',
    hostIp: '192.0.2.1',
    facts,
  });
  await store.hosts.update({ hostId: id, generation, devices });
  return id;
}

/** Creates a server and returns its boot task, without a lease. */
export async function aBoot(
  store: Store,
  change: Partial<Omit<Server, 'serial'>> = {},
): Promise<Task<'boot'>> {
  const newServer = aNewServer(change);
  await store.servers.create(newServer);
  return { ...newServer.task, epoch: 1 };
}

/** A transition of a boot to a next step that is due at once. */
export function toStep(
  task: StoredTask,
  step: TaskStepOf['boot'],
  change: Partial<Omit<Transition<'boot'>, 'task'>> = {},
): Transition<'boot'> {
  return { task: taskOf('boot', task), next: { step, data: bootData, dueAt: 1_000 }, ...change };
}

/** A task as read, which must be of this kind and readable; otherwise the test fails. */
export function taskOf<Kind extends TaskKind>(
  kind: Kind,
  task: StoredTask | undefined,
): Task<Kind> {
  if (task === undefined || 'problem' in task || task.kind !== kind) {
    throw new Error(`no task of ${kind}: ${JSON.stringify(task)}`);
  }
  return task as Task<Kind>;
}
