/** Tables of the network store, and how each kept thing lies in its row. */
import type {
  StoredNetwork,
  StoredPort,
  StoredPortBinding,
  StoredSecurityGroup,
  StoredSecurityGroupRule,
  StoredSubnet,
} from '#contracts/network-store.ts';
import { type RowOf, rowShape } from '../row-shape.ts';

/** A port without its addresses, which lie in a table of their own. */
export type PortBody = Omit<StoredPort, 'fixedIps'>;

export interface NetworkTables {
  networks: RowOf<StoredNetwork, 'adminStateUp' | 'shared' | 'external' | 'portSecurityEnabled'>;
  subnets: RowOf<StoredSubnet, 'enableDhcp', 'allocationPools' | 'dnsNameservers' | 'hostRoutes'>;
  ports: RowOf<
    PortBody,
    'adminStateUp' | 'portSecurityEnabled',
    'securityGroupIds' | 'profile' | 'vifDetails'
  >;
  portBindings: RowOf<StoredPortBinding, never, 'profile' | 'vifDetails'>;
  portAddresses: { portId: string; subnetId: string; ipAddress: string; position: number };
  securityGroups: StoredSecurityGroup;
  securityGroupRules: StoredSecurityGroupRule;
}

export const networkShape = rowShape<StoredNetwork>()(
  ['adminStateUp', 'shared', 'external', 'portSecurityEnabled'],
  [],
);
export const subnetShape = rowShape<StoredSubnet>()(
  ['enableDhcp'],
  ['allocationPools', 'dnsNameservers', 'hostRoutes'],
);
export const portBindingShape = rowShape<StoredPortBinding>()([], ['profile', 'vifDetails']);
export const portShape = rowShape<PortBody>()(
  ['adminStateUp', 'portSecurityEnabled'],
  ['securityGroupIds', 'profile', 'vifDetails'],
);
