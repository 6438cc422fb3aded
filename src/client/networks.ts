/** The requests of the network API: networks and ports. */
import { request } from './session/request.ts';
import type { Session } from './session/session.ts';

/** A port as the network service shows it to an administrator, the keys that are read. */
export interface PortView {
  id: string;
  name: string;
  mac_address: string;
  device_id: string;
  fixed_ips: { ip_address: string }[];
  'binding:vnic_type': string;
  'binding:host_id': string | null;
  'binding:profile': Record<string, unknown>;
  'binding:vif_type': string;
  'binding:vif_details': Record<string, unknown>;
}

/** A network of one segment. `vlan` null: flat. `subnet`: the body of its IPv4 subnet. */
export interface NewNetwork {
  name: string;
  physicalNetwork: string | null;
  vlan: number | null;
  subnet: { cidr: string; [key: string]: unknown };
}

/** Makes a network with its subnet; the network's id. */
export async function createNetwork(
  session: Session,
  { name, physicalNetwork, vlan, subnet }: NewNetwork,
): Promise<string> {
  const network = {
    name,
    'provider:network_type': vlan === null ? 'flat' : 'vlan',
    'provider:physical_network': physicalNetwork,
    ...(vlan !== null && { 'provider:segmentation_id': vlan }),
  };
  const made = await post<{ network: { id: string } }>(session, '/networks', { network });
  const { id } = made.network;
  await post(session, '/subnets', { subnet: { network_id: id, ip_version: 4, ...subnet } });
  return id;
}

/**
 * Example: `createPort(session, networkId, 'direct', { name: 'p' })`; `more` goes into its body.
 */
export async function createPort(
  session: Session,
  networkId: string,
  vnicType: string,
  more: object = {},
): Promise<PortView> {
  const port = { network_id: networkId, 'binding:vnic_type': vnicType, ...more };
  return (await post<{ port: PortView }>(session, '/ports', { port })).port;
}

/** Throws `notFound` for an id that no port has. */
export async function showPort(session: Session, id: string): Promise<PortView> {
  const call = { service: 'network', path: `/v2.0/ports/${id}` } as const;
  return (await request<{ port: PortView }>(session, call)).port;
}

function post<T>(session: Session, path: string, body: object): Promise<T> {
  const call = { service: 'network', method: 'POST', path: `/v2.0${path}`, body } as const;
  return request<T>(session, call);
}
