/**
 * Topic requests: which PCI devices flavors and ports request, and what the scheduler gets about
 * networks.
 */
import { ComputeError } from '#core/errors.ts';
import type { BindingProfile, Network } from '#core/networking/port.ts';
import { vnicTraits, vnicTypes } from '#core/networking/vnic-types.ts';
import { parseAliases } from '#core/pci/requests/alias.ts';
import { requestsForFlavor } from '#core/pci/requests/flavor-request.ts';
import { type RequestingPort, requestForPort } from '#core/networking/port-request.ts';
import { physicalNetworkOf } from '#core/networking/vif-of.ts';
import type { NumaPolicy, PciRequest } from '#core/pci/requests/request.ts';
import { networkNeeds } from '#core/scheduling/network-needs.ts';
import { type PortResourceRequest, resourceGroupsOf } from './resource-groups.ts';
import { failed, judge, passed, type Topic } from '../topic.ts';

interface DescribedSegment {
  physical_network?: string | null;
  network_type?: string | null;
}

interface DescribedPort {
  id: string;
  network_id: string;
  vnic_type?: string;
  profile?: BindingProfile;
  numa_affinity_policy?: NumaPolicy | null;
  resource_request?: PortResourceRequest | null;
}

interface Input {
  aliases?: string[];
  flavor_extra_specs?: Record<string, string>;
  pci_in_placement?: boolean;
  affinity_policy?: NumaPolicy;
  networks?: (DescribedSegment & { id: string; segments?: DescribedSegment[] })[];
  ports?: DescribedPort[];
  requested?: { port_id?: string; network_id?: string }[];
  extensions?: string[];
}

export const requests: Topic = {
  name: 'requests',
  run({ input: raw, expect }) {
    const input = raw as unknown as Input;
    let answer: Record<string, unknown>;
    try {
      answer = input.requested === undefined ? flavorAnswer(input) : networkAnswer(input);
    } catch (error) {
      if (!(error instanceof ComputeError) || error.kind !== 'invalid') throw error;
      return expect['error'] === undefined ? failed(`refused: ${error.message}`) : passed;
    }
    if (expect['error'] !== undefined) return failed('accepted; a refusal was expected');
    const expected = { ...expect, requests: (expect['requests'] as object[]).map(withNulls) };
    const keys = Object.keys(expected);
    return judge(expected, Object.fromEntries(keys.map((key) => [key, answer[key]])));
  },
};

function newIds(): () => string {
  let last = 0;
  return () => `generated-${++last}`;
}

function flavorAnswer(input: Input): Record<string, unknown> {
  const definitions = (input.aliases ?? []).map((text, at) => ({ text, source: `alias[${at}]` }));
  const aliases = parseAliases(definitions, { pciInPlacement: input.pci_in_placement ?? false });
  const found = requestsForFlavor({
    extraSpecs: input.flavor_extra_specs ?? {},
    aliases,
    affinityPolicy: input.affinity_policy ?? null,
    newId: newIds(),
  });
  return { requests: shown(found) };
}

function networkAnswer(input: Input): Record<string, unknown> {
  const ports = input.ports ?? [];
  const nics = (input.requested ?? []).map(({ port_id: portId, network_id: networkId }) => {
    const port = ports.find(({ id }) => id === portId);
    return { port, network: networkOf(input, port?.network_id ?? networkId ?? '') };
  });
  const found: PciRequest[] = [];
  const newId = newIds();
  const links = nics.map(({ port, network }) => {
    const requesting = port === undefined ? undefined : requestingPort(port);
    if (requesting === undefined || vnicTraits(requesting.vnicType).device === null) return null;
    const request = requestForPort(requesting, physicalNetworkOf(network), newId());
    const numaPolicy = request.numaPolicy ?? input.affinity_policy ?? null;
    return found.push({ ...request, numaPolicy }) - 1;
  });
  const needs = networkNeeds(nics.map(({ network }) => network));
  const groups = nics.flatMap(({ port }) =>
    port === undefined ? [] : resourceGroupsOf(port.id, port.resource_request ?? null),
  );
  return {
    requests: shown(found),
    links,
    physnets: needs.physicalNetworks,
    tunneled: needs.isTunneled,
    resource_groups: groups.map(({ requesterId, resources, requiredTraits }) => ({
      requester_id: requesterId,
      resources,
      required_traits: requiredTraits,
    })),
  };
}

function requestingPort(port: DescribedPort): RequestingPort {
  const vnicType = vnicTypes.find((each) => each === (port.vnic_type ?? 'normal'));
  if (vnicType === undefined) throw new Error(`vnic type ${port.vnic_type} is not known`);
  if (vnicType.startsWith('accelerator-')) throw new ComputeError('invalid', 'no_device_profile');
  return {
    id: port.id,
    vnicType,
    profile: port.profile ?? {},
    numaPolicy: port.numa_affinity_policy ?? null,
  };
}

/** Segments are shown only where the network service has the multi-provider extension. */
function networkOf(input: Input, id: string): Network {
  const described = input.networks?.find((network) => network.id === id);
  if (described === undefined) throw new Error(`network ${id} is not described`);
  const hasSegments = input.extensions?.includes('multi-provider') === true;
  const segments = (hasSegments ? described.segments : undefined) ?? [described];
  return {
    id,
    name: id,
    projectId: 'project',
    mtu: 1500,
    segments: segments.map((segment) => ({
      networkType: segment.network_type ?? null,
      physicalNetwork: segment.physical_network ?? null,
      segmentationId: null,
    })),
    subnets: [],
  };
}

function shown(found: readonly PciRequest[]): object[] {
  const areFresh = new Set(found.map(({ requestId }) => requestId)).size === found.length;
  return found.map((request) => ({
    count: request.count,
    spec: request.spec,
    alias_name: request.aliasName,
    numa_policy: request.numaPolicy,
    requester_id: request.requesterId,
    request_id: areFresh ? 'generated' : request.requestId,
  }));
}

/** Keys that a vector leaves out mean null. */
function withNulls(request: object): object {
  return { alias_name: null, numa_policy: null, requester_id: null, request_id: null, ...request };
}
