/**
 * The server that a what-if question is about, as a boot of it would request it: flavor, NICs and
 * devices become the same PCI requests and the same input of the scheduler.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { diskOf } from '#core/ledger/host-ledger.ts';
import { bindingNeed } from '#core/networking/binding/binding-need.ts';
import type { BindingProfile, Network, NetworkSegment } from '#core/networking/port.ts';
import { requestForPort } from '#core/networking/port-request.ts';
import { type VnicType, vnicRefusal, vnicTraits } from '#core/networking/vnic-types.ts';
import { requestsForFlavor } from '#core/pci/requests/flavor-request.ts';
import type { NumaPolicy, PciRequest, PciRequestSpec } from '#core/pci/requests/request.ts';
import { requirementsOf } from '#core/scheduling/filters/aggregate-specs.ts';
import { networkNeeds } from '#core/scheduling/network-needs.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { affinityPolicyOf, guestNumaOf } from '#core/servers/guest-numa.ts';
import type { PlacementHints } from '#core/servers/new-server.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import { settleAll } from '#runtime/settle-all.ts';
import { checkImageFits, findImage } from '../boot/find-image.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { findFlavor } from '../placement/find-flavor.ts';
import { hostsRequested } from '../placement/placement-request.ts';
import type { Placing } from '../placement/place-server.ts';
import { whereAgents } from '../ports/binding-needs.ts';

/** A NIC without a port. `physicalNetwork` null: a tunnelled network. */
export interface RequestedNic {
  vnicType: VnicType;
  network: { id: string } | { physicalNetwork: string | null } | null;
  profile: BindingProfile;
  numaPolicy: NumaPolicy | null;
}

/** Devices beside those of NICs and flavor: of an alias, or by the keys that they must have. */
export type RequestedDevices = { count: number; numaPolicy: NumaPolicy | null } & (
  | { alias: string }
  | { spec: PciRequestSpec[] }
);

/** The question, its body checked. Ids are not yet resolved. */
export interface WhatIfQuestion {
  flavor: { id: string } | Flavor;
  imageId: string | null;
  /** They replace the image's own of the same name. */
  imageProperties: Record<string, string>;
  nics: RequestedNic[];
  devices: RequestedDevices[];
  availabilityZone: string | null;
  forcedHost: string | null;
  hints: PlacementHints;
  /** How many servers alike; `max`: as many as fit. */
  count: number | 'max';
}

/** What is placed, but for the id of each server. */
export type RequestedServer = Omit<Placing, 'booked' | 'spec' | 'attempt'> & {
  flavor: Flavor;
  spec: Omit<RequestSpec, 'serverId'>;
};

/**
 * Reads flavor, image, networks and group with the caller's rights, and changes nothing. Throws
 * `invalid`, naming field, value and rule.
 */
export async function requestedServer(
  context: WorkflowContext,
  caller: Caller,
  question: WhatIfQuestion,
): Promise<RequestedServer> {
  const { availabilityZone, forcedHost, hints } = question;
  const flavor = await flavorOf(context, caller, question.flavor);
  const properties = await propertiesOf(context, caller, { question, flavor });
  const numa = guestNumaOf(flavor, properties);
  const affinityPolicy = affinityPolicyOf(flavor, properties);
  const nics = await settleAll(question.nics, (nic, at) => knownNic(context, nic, at));
  const { aliases } = context.settings;
  const requests = [
    ...requestsForFlavor({
      extraSpecs: flavor.extraSpecs,
      aliases,
      affinityPolicy,
      newId: context.newId,
    }),
    ...question.devices.map((devices, at) => requestFor(context, devices, at)),
    ...nics.flatMap((nic, at) => nicRequest(context, nic, at)),
  ].map((request) => ({ ...request, numaPolicy: request.numaPolicy ?? affinityPolicy }));
  const group = await groupOf(context, hints);
  await refuseUnknownServers(context, hints);
  return {
    flavor,
    requests,
    numa,
    spec: {
      projectId: caller.projectId,
      vcpus: numa?.isPinned === true ? 0 : flavor.vcpus,
      memoryMib: flavor.memoryMib,
      diskGib: diskOf(flavor),
      pciRequests: requests,
      numa,
      availabilityZone,
      forcedHost,
      aggregateSpecs: requirementsOf(flavor.extraSpecs),
      failedHosts: [],
      ...(await hostsRequested(context, group, hints)),
      binding: await whereAgents(context, nics, async ({ network, ...nic }) =>
        network.segments.length === 0 ? [] : [bindingNeed(nic, network)],
      ),
    },
  };
}

async function flavorOf(
  context: WorkflowContext,
  caller: Caller,
  flavor: WhatIfQuestion['flavor'],
): Promise<Flavor> {
  return 'vcpus' in flavor ? flavor : findFlavor(context, caller, flavor.id);
}

async function propertiesOf(
  context: WorkflowContext,
  caller: Caller,
  { question, flavor }: { question: WhatIfQuestion; flavor: Flavor },
): Promise<Record<string, string>> {
  const { imageId, imageProperties } = question;
  if (imageId === null) return imageProperties;
  const image = await findImage(context, caller, imageId);
  checkImageFits(flavor, image);
  return { ...image.properties, ...imageProperties };
}

/** `network`: without segments where the question names none. */
type KnownNic = Omit<RequestedNic, 'network'> & { network: Pick<Network, 'id' | 'segments'> };

async function knownNic(
  context: WorkflowContext,
  { network, ...nic }: RequestedNic,
  at: number,
): Promise<KnownNic> {
  const field = `nics[${at}]`;
  const refusal = vnicRefusal(nic.vnicType);
  if (refusal !== undefined) {
    throw new ComputeError('invalid', `${field}.vnic_type: ${nic.vnicType}, ${refusal}`);
  }
  if (network === null && vnicTraits(nic.vnicType).device !== null) {
    throw new ComputeError(
      'invalid',
      `${field}: a ${nic.vnicType} NIC takes a device of its physical network: must have physical_network (null: a tunnelled network) or network_id`,
    );
  }
  return { ...nic, network: await knownNetwork(context, network, field) };
}

async function knownNetwork(
  context: WorkflowContext,
  network: RequestedNic['network'],
  field: string,
): Promise<KnownNic['network']> {
  const unnamed = { id: '', segments: [] };
  if (network === null) return unnamed;
  if ('physicalNetwork' in network) {
    const { physicalNetwork } = network;
    return physicalNetwork === null
      ? unnamed
      : { id: '', segments: [{ ...segment, physicalNetwork }] };
  }
  try {
    return await context.network.showNetwork(network.id);
  } catch (cause) {
    if (!isComputeError(cause, 'notFound')) throw cause;
    const message = `${field}.network_id: Network ${network.id} could not be found.`;
    throw new ComputeError('invalid', message, { cause });
  }
}

/** Which kind of network a physical one carries decides nothing. */
const segment = { networkType: 'vlan', segmentationId: null } satisfies Partial<NetworkSegment>;

function nicRequest(
  { newId }: WorkflowContext,
  { network, ...nic }: KnownNic,
  at: number,
): PciRequest[] {
  if (vnicTraits(nic.vnicType).device === null) return [];
  const [physicalNetwork = null] = networkNeeds([network]).physicalNetworks;
  return [requestForPort({ ...nic, id: `nics[${at}]` }, physicalNetwork, newId())];
}

function requestFor(
  { newId, settings }: WorkflowContext,
  requested: RequestedDevices,
  at: number,
): PciRequest {
  const { count, numaPolicy } = requested;
  const rest = { requestId: newId(), count, needsInterface: false, requesterId: null };
  if ('spec' in requested) return { ...rest, spec: requested.spec, aliasName: null, numaPolicy };
  const alias = settings.aliases.find(({ name }) => name === requested.alias);
  if (alias === undefined) {
    const known = settings.aliases.map(({ name }) => name).join(', ') || 'none (see pci.alias)';
    throw new ComputeError(
      'invalid',
      `devices[${at}].alias: "${requested.alias}" is not defined; the aliases are: ${known}`,
    );
  }
  const { name: aliasName, spec } = alias;
  return { ...rest, spec, aliasName, numaPolicy: numaPolicy ?? alias.numaPolicy };
}

async function groupOf(
  { store }: WorkflowContext,
  { group: id }: PlacementHints,
): Promise<ServerGroup | undefined> {
  if (id === null) return undefined;
  const group = await store.serverGroups.get(id);
  if (group !== undefined) return group;
  throw new ComputeError(
    'invalid',
    `scheduler_hints.group: Server group ${id} could not be found.`,
  );
}

async function refuseUnknownServers(
  { store }: WorkflowContext,
  { sameHost, differentHost }: PlacementHints,
): Promise<void> {
  for (const [hint, ids] of Object.entries({
    same_host: sameHost,
    different_host: differentHost,
  })) {
    for (const id of ids) {
      const standing = await store.servers.standing(id);
      if (standing?.deletedAt === null) continue;
      throw new ComputeError(
        'invalid',
        `scheduler_hints.${hint}: Server ${id} could not be found.`,
      );
    }
  }
}
