/** What the page reads of the compute API, and how. Shapes have only what the page shows. */
import { fetchJson } from './request.ts';

/** The newest version whose replies the page knows. */
const version = { 'openstack-api-version': 'compute 2.96' };

/** Hosts and projects are there for administrators only. */
export interface ServerDetail {
  id: string;
  name: string;
  status: string;
  tenant_id: string;
  created: string;
  /** '' on no host. */
  hostId: string;
  flavor: { original_name: string; vcpus: number; ram: number; disk: number };
  /** By name of the network. */
  addresses: Record<string, { addr: string; 'OS-EXT-IPS-MAC:mac_addr': string }[]>;
  fault?: { code: number; created: string; message: string };
  'OS-EXT-STS:task_state': string | null;
  'OS-EXT-SRV-ATTR:host'?: string | null;
  'OS-EXT-AZ:availability_zone': string;
}

export interface ServerPage {
  servers: ServerDetail[];
  servers_links?: { rel: string; href: string }[];
}

/** A NIC as its owner sees it. */
export interface InterfaceDetail {
  port_id: string;
  net_id: string;
  mac_addr: string;
  port_state: string;
  fixed_ips: { ip_address: string }[];
}

export interface ServerAction {
  action: string;
  request_id: string;
  start_time: string;
  updated_at: string;
  message: string | null;
  events: ServerActionEvent[];
}

export interface ServerActionEvent {
  event: string;
  start_time: string;
  finish_time: string | null;
  result: string | null;
  /** For administrators. */
  host?: string | null;
  details?: string | null;
}

/** A call of the compute API. Throws a `Refusal`. Example: `compute('/servers/detail')`. */
export function compute<Reply>(
  path: string,
  {
    method,
    body,
    signal,
  }: { method?: 'PUT'; body?: unknown; signal?: AbortSignal | undefined } = {},
): Promise<Reply> {
  return fetchJson(`/v2.1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: version,
    body,
    signal,
  });
}
