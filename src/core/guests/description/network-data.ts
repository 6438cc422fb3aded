/**
 * What a guest can read about its NICs: `network_data.json`. Its only source where no DHCP
 * responds, as on an SR-IOV network.
 */
import { splitCidr } from '../../networking/cidr.ts';
import type { FixedIp, Subnet } from '../../networking/port.ts';
import type { Vif } from '../../networking/vif.ts';

interface Service {
  type: 'dns';
  address: string;
}

interface Route {
  network: string;
  netmask: string;
  gateway: string;
}

/** Keys as guests read them. */
export interface NetworkData {
  links: {
    id: string;
    vif_id: string;
    type: string;
    mtu: number | null;
    ethernet_mac_address: string;
  }[];
  networks: {
    id: string;
    type: 'ipv4' | 'ipv6';
    link: string;
    ip_address: string;
    netmask: string;
    routes: Route[];
    network_id: string;
    services: Service[];
  }[];
  services: Service[];
}

/**
 * VIF types that guests accept as a link's type; to all others an Ethernet NIC is `phy`. Source:
 * Nova `LEGACY_EXPOSED_VIF_TYPES`.
 */
const knownTypes = new Set(['bridge', 'dvs', 'hw_veb', 'hyperv', 'ovs', 'tap', 'vhostuser', 'vif']);

/**
 * One link for each NIC, one network for each address. Addresses are static, never "use DHCP": the
 * port has them with or without a DHCP server. The VLAN of a VF is omitted: its NIC strips the tag,
 * so the guest must not. Source: Nova `get_network_metadata`; OpenStack's network_data.json schema.
 */
export function networkData(vifs: readonly Vif[]): NetworkData {
  const data: NetworkData = { links: [], networks: [], services: [] };
  for (const vif of vifs) {
    data.links.push({
      id: vif.devName,
      vif_id: vif.portId,
      type: knownTypes.has(vif.vifType) ? vif.vifType : 'phy',
      mtu: vif.network.mtu,
      ethernet_mac_address: vif.macAddress,
    });
    const described = new Set<string>();
    for (const fixedIp of vif.fixedIps) {
      const subnet = vif.network.subnets?.find(({ id }) => id === fixedIp.subnetId);
      if (subnet === undefined) continue;
      // A second address in the same subnet needs no second gateway.
      const isFirst = !described.has(subnet.id);
      described.add(subnet.id);
      data.networks.push({
        id: `network${data.networks.length}`,
        ...networkOf(vif, fixedIp, subnet),
        routes: isFirst ? routesOf(subnet) : [],
        services: isFirst ? servicesOf(subnet) : [],
      });
    }
  }
  const services = data.networks.flatMap((network) => network.services);
  data.services = [...new Map(services.map((each) => [each.address, each])).values()];
  return data;
}

function networkOf(vif: Vif, { ipAddress }: FixedIp, subnet: Subnet) {
  return {
    type: subnet.ipVersion === 4 ? ('ipv4' as const) : ('ipv6' as const),
    link: vif.devName,
    ip_address: ipAddress,
    netmask: splitCidr(subnet.cidr).netmask,
    network_id: vif.network.id,
  };
}

function servicesOf({ dnsNameservers }: Subnet): Service[] {
  return dnsNameservers.map((address) => ({ type: 'dns', address }));
}

/** The gateway first, then the subnet's own routes. */
function routesOf({ ipVersion, gatewayIp, hostRoutes }: Subnet): Route[] {
  const everything = ipVersion === 4 ? '0.0.0.0/0' : '::/0';
  const wayOut = gatewayIp === null ? [] : [{ destination: everything, nexthop: gatewayIp }];
  return [...wayOut, ...hostRoutes].map(({ destination, nexthop }) => {
    const { address, netmask } = splitCidr(destination);
    return { network: address, netmask, gateway: nexthop };
  });
}
