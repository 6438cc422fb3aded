/**
 * The resource kinds of the network API, each with its operations. `routes.ts` makes routes of
 * them.
 */
import type { PortFilter } from '#contracts/store/network-store.ts';
import type { Rule } from '#core/access/policy.ts';
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
import { createPort, findPort, listPorts, removePort } from './ports/ports.ts';
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

export interface Resource {
  singular: Listed & QuotaResource;
  plural: string;
  /** Who may create, change and delete it. */
  writers: readonly Rule[];
  list: (act: Act, query: Query) => Promise<View[]>;
  show: (act: Act, id: string) => Promise<View>;
  create: (act: Act, body: unknown) => Promise<View>;
  /**
   * Throws what is wrong with bodies that are to be made at once, beside what is wrong with each.
   */
  checkTogether?: (bodies: unknown[]) => void;
  update?: (act: Act, change: { id: string; body: unknown }) => Promise<View>;
  remove: (act: Act, id: string) => Promise<void>;
}

const networks: Resource = {
  singular: 'network',
  plural: 'networks',
  writers: ['member'],
  list: async ({ context, rights }) =>
    (await listNetworks(context, rights)).map((found) => viewNetwork(found, rights)),
  show: async ({ context, rights }, id) =>
    viewNetwork(await findNetwork(context.store, rights, id), rights),
  create: async ({ context, rights }, body) =>
    viewNetwork(await createNetwork(context, rights, body), rights),
  update: async ({ context, rights }, change) => {
    const found = await updateNetwork(context, rights, change);
    await reportNetwork(context, found.network.id);
    return viewNetwork(found, rights);
  },
  remove: ({ context, rights }, id) => removeNetwork(context, rights, id),
};

const subnets: Resource = {
  singular: 'subnet',
  plural: 'subnets',
  writers: ['member'],
  list: async ({ context, rights }) => (await listSubnets(context, rights)).map(viewSubnet),
  show: async ({ context, rights }, id) => viewSubnet(await findSubnet(context, rights, id)),
  create: async ({ context, rights }, body) =>
    viewSubnet(await createSubnet(context, rights, body)),
  update: async ({ context, rights }, change) => {
    const found = await updateSubnet(context, rights, change);
    await reportNetwork(context, found.subnet.networkId);
    return viewSubnet(found);
  },
  remove: ({ context, rights }, id) => removeSubnet(context, rights, id),
};

const ports: Resource = {
  singular: 'port',
  plural: 'ports',
  writers: ['member', 'service'],
  list: async ({ context, rights }, query) =>
    (await listPorts(context, rights, storedFilter(query))).map((port) => viewPort(port, rights)),
  show: async ({ context, rights }, id) =>
    viewPort(await findPort(context.store, rights, id), rights),
  create: async ({ context, rights }, body) =>
    viewPort(await createPort(context, rights, body), rights),
  update: async ({ context, rights }, change) => {
    const port = await updatePort(context, rights, change);
    await reportPort(context, port, 'changed');
    return viewPort(port, rights);
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

const securityGroups: Resource = {
  singular: 'security_group',
  plural: 'security_groups',
  writers: ['member'],
  list: async ({ context, rights }) =>
    (await listSecurityGroups(context, rights)).map(viewSecurityGroup),
  show: async ({ context, rights }, id) =>
    viewSecurityGroup(await findSecurityGroup(context, rights, id)),
  create: async ({ context, rights }, body) =>
    viewSecurityGroup(await createSecurityGroup(context, rights, body)),
  update: async ({ context, rights }, change) =>
    viewSecurityGroup(await updateSecurityGroup(context, rights, change)),
  remove: ({ context, rights }, id) => removeSecurityGroup(context, rights, id),
};

const securityGroupRules: Resource = {
  singular: 'security_group_rule',
  plural: 'security_group_rules',
  writers: ['member'],
  list: async ({ context, rights }) =>
    (await listSecurityGroupRules(context, rights)).map(viewSecurityGroupRule),
  show: async ({ context, rights }, id) =>
    viewSecurityGroupRule(await findSecurityGroupRule(context, rights, id)),
  create: async ({ context, rights }, body) =>
    viewSecurityGroupRule(await createSecurityGroupRule(context, rights, body)),
  checkTogether: checkRulesTogether,
  remove: ({ context, rights }, id) => removeSecurityGroupRule(context, rights, id),
};

export const resources: Resource[] = [networks, subnets, ports, securityGroups, securityGroupRules];
