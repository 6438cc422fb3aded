/** Tables of the network store, and how each stored object maps to its row. */
import type { Generated } from 'kysely';
import type {
  StoredNetwork,
  StoredPort,
  StoredPortBinding,
  StoredSecurityGroup,
  StoredSecurityGroupRule,
  StoredSubnet,
} from '#contracts/store/network-store.ts';
import { type RowOf, rowShape } from '../../rows/row-shape.ts';

/** A port without its addresses, which have their own table. */
export type PortBody = Omit<StoredPort, 'fixedIps'>;

/** Without a key: written by another program. */
interface PortAddressRow {
  portId: string;
  subnetId: string;
  ipAddress: string;
  position: number;
  /** Orders the addresses of a subnet. */
  addressKey: string | null;
  nextAddress: string | null;
  /** 1: the next address is free. Kept by the database itself. */
  endsRun: Generated<number>;
}

export interface NetworkTables {
  networkQuotas: { projectId: string; resource: string; hardLimit: number };
  networks: RowOf<
    StoredNetwork,
    'adminStateUp' | 'shared' | 'external' | 'portSecurityEnabled',
    'tags'
  >;
  subnets: RowOf<
    StoredSubnet,
    'enableDhcp',
    'allocationPools' | 'dnsNameservers' | 'hostRoutes' | 'tags'
  >;
  ports: RowOf<
    PortBody,
    'adminStateUp' | 'portSecurityEnabled',
    'securityGroupIds' | 'profile' | 'vifDetails' | 'tags'
  >;
  portBindings: RowOf<StoredPortBinding, never, 'profile' | 'vifDetails'>;
  portAddresses: PortAddressRow;
  securityGroups: RowOf<StoredSecurityGroup, never, 'tags'>;
  securityGroupRules: RowOf<StoredSecurityGroupRule>;
}

export const networkShape = rowShape<StoredNetwork>()(
  ['adminStateUp', 'shared', 'external', 'portSecurityEnabled'],
  { tags: '[]' },
);
export const subnetShape = rowShape<StoredSubnet>()(['enableDhcp'], {
  allocationPools: '[]',
  dnsNameservers: '[]',
  hostRoutes: '[]',
  tags: '[]',
});
export const portBindingShape = rowShape<StoredPortBinding>()([], {
  profile: '{}',
  vifDetails: '{}',
});
export const portShape = rowShape<PortBody>()(['adminStateUp', 'portSecurityEnabled'], {
  securityGroupIds: '[]',
  profile: '{}',
  vifDetails: '{}',
  tags: '[]',
});
export const securityGroupShape = rowShape<StoredSecurityGroup>()([], { tags: '[]' });
export const securityGroupRuleShape = rowShape<StoredSecurityGroupRule>()([], {});
