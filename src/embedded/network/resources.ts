/**
 * The resource kinds of the network API, each with its operations. `routes.ts` makes routes of
 * them.
 */
import type { ListPage, PortFilter } from '#contracts/store/network-store.ts';
import type { Rule } from '#core/access/policy.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { longReads } from '#runtime/serial-queue.ts';
import type { CheckedBody } from '../request-body.ts';
import {
  networkChangeBody,
  newNetworkBody,
  newPortBody,
  newSecurityGroupBody,
  newSecurityGroupRuleBody,
  newSubnetBody,
  portChangeBody,
  type RequestedNetwork,
  type RequestedNetworkChange,
  type RequestedPort,
  type RequestedPortChange,
  type RequestedRule,
  type RequestedSecurityGroup,
  type RequestedSecurityGroupChange,
  type RequestedSubnet,
  type RequestedSubnetChange,
  securityGroupChangeBody,
  subnetChangeBody,
} from './requests/bodies.ts';
import type { NetworkContext, Rights } from './requests/context.ts';
import type { Query } from './requests/list-filter.ts';
import type { Listed } from './requests/listings.ts';
import {
  createNetwork,
  findNetwork,
  listNetworks,
  removeNetwork,
  updateNetwork,
} from './networks/networks.ts';
import { updatePort } from './ports/port-change.ts';
import { reportNetwork, reportPort } from './ports/port-events.ts';
import type { QuotaResource } from './requests/quota-check.ts';
import { createPort, findPort, listPortPage, listPorts, removePort } from './ports/ports.ts';
import {
  checkRulesTogether,
  createSecurityGroupRule,
  findSecurityGroupRule,
  listSecurityGroupRules,
  removeSecurityGroupRule,
} from './security-groups/security-group-rules.ts';
import {
  createSecurityGroup,
  findSecurityGroup,
  listSecurityGroups,
  removeSecurityGroup,
  updateSecurityGroup,
} from './security-groups/security-groups.ts';
import {
  createSubnet,
  findSubnet,
  listSubnets,
  removeSubnet,
  updateSubnet,
} from './networks/subnets.ts';
import {
  type View,
  viewNetwork,
  viewPort,
  viewSecurityGroup,
  viewSecurityGroupRule,
  viewSubnet,
} from './views.ts';

/** The caller's rights and the network service's context. */
export interface Act {
  context: NetworkContext;
  rights: Rights;
}

/** `New`, `Change`: what the bodies of its creation and its change ask for. */
export interface Resource<New, Change = never> {
  singular: Listed & QuotaResource;
  plural: string;
  /** Who may create, change and delete it. */
  writers: readonly Rule[];
  list: (act: Act, query: Query) => Promise<View[]>;
  /** Absent: a page is cut from the whole list. */
  page?: {
    /** What it filters by. */
    filters: readonly string[];
    /** undefined where what precedes the page is not in the list. */
    read: (act: Act, query: Query, page: ListPage) => Promise<View[] | undefined>;
  };
  show: (act: Act, id: string) => Promise<View>;
  newBody: CheckedBody<New>;
  create: (act: Act, requested: New) => Promise<View>;
  /**
   * Throws what is wrong with those that are to be made at once, beside what is wrong with each.
   */
  checkTogether?: (requests: New[]) => void;
  /** Absent: it is not changed. */
  change?: {
    body: CheckedBody<Change>;
    update: (act: Act, id: string, requested: Change) => Promise<View>;
  };
  remove: (act: Act, id: string) => Promise<void>;
}

export const networks: Resource<RequestedNetwork, RequestedNetworkChange> = {
  singular: 'network',
  plural: 'networks',
  writers: ['member'],
  list: async ({ context, rights }) =>
    mapInTurns(await listNetworks(context, rights), (found) => viewNetwork(found, rights)),
  show: async ({ context, rights }, id) =>
    viewNetwork(await findNetwork(context.store, rights, id), rights),
  newBody: newNetworkBody,
  create: async ({ context, rights }, requested) =>
    viewNetwork(await createNetwork(context, rights, requested), rights),
  change: {
    body: networkChangeBody,
    update: async ({ context, rights }, id, requested) => {
      const found = await updateNetwork(context, rights, id, requested);
      await reportNetwork(context, found.network.id);
      return viewNetwork(found, rights);
    },
  },
  remove: ({ context, rights }, id) => removeNetwork(context, rights, id),
};

export const subnets: Resource<RequestedSubnet, RequestedSubnetChange> = {
  singular: 'subnet',
  plural: 'subnets',
  writers: ['member'],
  list: async ({ context, rights }) => mapInTurns(await listSubnets(context, rights), viewSubnet),
  show: async ({ context, rights }, id) => viewSubnet(await findSubnet(context, rights, id)),
  newBody: newSubnetBody,
  create: async ({ context, rights }, requested) =>
    viewSubnet(await createSubnet(context, rights, requested)),
  change: {
    body: subnetChangeBody,
    update: async ({ context, rights }, id, requested) => {
      const found = await updateSubnet(context, rights, id, requested);
      await reportNetwork(context, found.subnet.networkId);
      return viewSubnet(found);
    },
  },
  remove: ({ context, rights }, id) => removeSubnet(context, rights, id),
};

/** Ports that are read in a few milliseconds. */
const shortPage = 100;

export const ports: Resource<RequestedPort, RequestedPortChange> = {
  singular: 'port',
  plural: 'ports',
  writers: ['member', 'service'],
  list: async ({ context, rights }, query) => {
    const filter = storedFilter(query);
    // Those of a server are few.
    if (filter.deviceId === undefined) await longReads.turn();
    const found = await listPorts(context, rights, filter);
    return mapInTurns(found, (port) => viewPort(port, rights));
  },
  page: {
    filters: ['device_id', 'network_id', 'name'],
    read: async ({ context, rights }, query, page) => {
      const filter = storedFilter(query);
      if (page.limit > shortPage) await longReads.turn();
      const found = await listPortPage(context, rights, { filter, page });
      return found && mapInTurns(found, (port) => viewPort(port, rights));
    },
  },
  show: async ({ context, rights }, id) =>
    viewPort(await findPort(context.store, rights, id), rights),
  newBody: newPortBody,
  create: async ({ context, rights }, requested) =>
    viewPort(await createPort(context, rights, requested), rights),
  change: {
    body: portChangeBody,
    update: async ({ context, rights }, id, requested) => {
      const port = await updatePort(context, rights, id, requested);
      await reportPort(context, port, 'changed');
      return viewPort(port, rights);
    },
  },
  remove: async ({ context, rights }, id) =>
    reportPort(context, await removePort(context, rights, id), 'deleted'),
};

/** What the store can filter, so that a server's ports are found without reading all ports. */
function storedFilter(query: Query): PortFilter {
  const { device_id: deviceId, network_id: networkId, name } = query;
  return {
    ...(typeof deviceId === 'string' && { deviceId }),
    ...(typeof networkId === 'string' && { networkId }),
    ...(typeof name === 'string' && { name }),
  };
}

export const securityGroups: Resource<RequestedSecurityGroup, RequestedSecurityGroupChange> = {
  singular: 'security_group',
  plural: 'security_groups',
  writers: ['member'],
  list: async ({ context, rights }) =>
    mapInTurns(await listSecurityGroups(context, rights), viewSecurityGroup),
  show: async ({ context, rights }, id) =>
    viewSecurityGroup(await findSecurityGroup(context, rights, id)),
  newBody: newSecurityGroupBody,
  create: async ({ context, rights }, requested) =>
    viewSecurityGroup(await createSecurityGroup(context, rights, requested)),
  change: {
    body: securityGroupChangeBody,
    update: async ({ context, rights }, id, requested) =>
      viewSecurityGroup(await updateSecurityGroup(context, rights, id, requested)),
  },
  remove: ({ context, rights }, id) => removeSecurityGroup(context, rights, id),
};

export const securityGroupRules: Resource<RequestedRule> = {
  singular: 'security_group_rule',
  plural: 'security_group_rules',
  writers: ['member'],
  list: async ({ context, rights }) =>
    mapInTurns(await listSecurityGroupRules(context, rights), viewSecurityGroupRule),
  show: async ({ context, rights }, id) =>
    viewSecurityGroupRule(await findSecurityGroupRule(context, rights, id)),
  newBody: newSecurityGroupRuleBody,
  create: async ({ context, rights }, requested) =>
    viewSecurityGroupRule(await createSecurityGroupRule(context, rights, requested)),
  checkTogether: checkRulesTogether,
  remove: ({ context, rights }, id) => removeSecurityGroupRule(context, rights, id),
};

export const resources = [networks, subnets, ports, securityGroups, securityGroupRules] as const;
