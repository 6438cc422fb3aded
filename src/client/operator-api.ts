/**
 * The requests that the operator's commands send, with the shapes of their replies in wire names.
 * Prints nothing.
 */
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { PciDeviceStatus, PciDeviceType } from '#core/pci/devices/device.ts';
import type { Reason } from '#core/reason.ts';
import { allOf, pagesOf } from './session/pages.ts';
import { request, type Session } from './session/session.ts';

/** The microversion that the commands speak. */
export const microversion = '2.79';

/** A PCI device of a host; nulls where the host does not say or nobody holds it. */
export interface DeviceView {
  host: string;
  address: string;
  vendor_id: string;
  product_id: string;
  dev_type: PciDeviceType;
  parent_addr: string | null;
  numa_node: number | null;
  ifname: string | null;
  /**
   * Of a PF: has its interface a carrier? Both keys absent from a controller that does not know
   * them.
   */
  link?: 'up' | 'down' | null;
  /** Why its host could not clean it; null: it could. */
  quarantine?: string | null;
  /** Why a held device is missing though its address is there. */
  replaced?: string | null;
  tags: Record<string, string | null>;
  physical_network: string | null;
  status: PciDeviceStatus;
  instance_uuid: string | null;
  request_id: string | null;
}

/** Devices of one host alike in all that a request can ask for. `address` is their PF's. */
export interface PoolView {
  host: string;
  vendor_id: string;
  product_id: string;
  dev_type: PciDeviceType;
  numa_node: number | null;
  address: string;
  tags: Record<string, string | null>;
  physical_network: string | null;
  count: number;
}

/**
 * The roll-up of the pools by physical network, product and vendor. Source: the seed, stats entry.
 */
export interface StatsView {
  host: string;
  physical_network: string | null;
  product_id: string;
  vendor_id: string;
  count: number;
}

export interface PoolsReply {
  pools: PoolView[];
  stats: StatsView[];
}

export interface DecisionView {
  attempt: number;
  decided_at: string;
  chosen: string | null;
  candidates: { host: string; weight: number; weights: Record<string, number> }[];
  rejections: { host: string; filter: string; reasons: Reason[] }[];
  devices: { request_id: string; address: string; pool: string }[];
}

/** A NIC, in boot order; nulls until its port is known and bound. */
export interface NicView {
  position: number;
  network_id: string | null;
  port_id: string | null;
  vnic_type: string | null;
  vif_type: string | null;
  mac_address: string | null;
  pci_request_id: string | null;
  pci_slot: string | null;
  physical_network: string | null;
  binding_profile: Record<string, unknown> | null;
}

/** A host that has reported, in short. */
export interface HostView {
  name: string;
  state: 'up' | 'down';
  status: 'enabled' | 'disabled';
  host_ip: string;
  vcpus: number;
  memory_mb: number;
  /** null: it may not dial in, and is down for that. */
  last_seen_at: string | null;
  running_guests: number;
  devices_free: number;
  /** `blocks`: which servers it keeps from the host. */
  problems: { code: string; message: string; blocks: 'all' | 'passthrough' | 'none' }[];
}

/** A host that may dial in. `link` null: it has not, or not any more. */
export interface EnrolmentView {
  host: string;
  enrolled_at: string;
  revoked_at: string | null;
  link: { address: string; since: string } | null;
}

/** All that is known of why a server is where it is. */
export interface ExplainReply {
  server: {
    id: string;
    name: string;
    status: string;
    host: string | null;
    fault: { message: string } | null;
  };
  decisions: DecisionView[];
  nics: NicView[];
  pci_requests: unknown[];
  devices: DeviceView[];
  /** What its host did to start its guest first, in order. */
  spawn_steps: { step: string; milliseconds: number }[];
  domain_xml: string | null;
}

/** A server's id and name. */
export interface NamedServer {
  id: string;
  name: string;
}

/**
 * The PCI devices that the operator offers, by host and address; of one host, in one status where
 * asked. Throws `notFound` for an unknown host.
 */
export async function listDevices(
  session: Session,
  only: { host?: string | undefined; status?: PciDeviceStatus | undefined } = {},
): Promise<DeviceView[]> {
  const query = new URLSearchParams();
  if (only.host !== undefined) query.set('host', only.host);
  if (only.status !== undefined) query.set('status', only.status);
  const path = `/pci/devices${query.size === 0 ? '' : `?${query.toString()}`}`;
  const devices = await allOf<DeviceView>(session, { service: 'operator', path }, 'devices');
  const place = (device: DeviceView) => `${device.host} ${device.address}`;
  return devices.sort((one, other) => place(one).localeCompare(place(other)));
}

/** The pools of all hosts and their roll-up. Counts are of free devices. */
export async function listPools(session: Session): Promise<PoolsReply> {
  const all: PoolsReply = { pools: [], stats: [] };
  const asked = { service: 'operator', path: '/pci/pools' } as const;
  for await (const { pools, stats } of pagesOf<PoolsReply>(session, asked, 'pools')) {
    all.pools.push(...pools);
    all.stats.push(...stats);
  }
  return all;
}

/** Room on one file system of the controller. `uses`: what it keeps there. */
export interface DiskView {
  uses: string[];
  free_bytes: number;
  size_bytes: number;
}

/**
 * A piece of work under way. `started_at` null: nobody asked for it; `due_at` null: it waits for
 * its host.
 */
export interface TaskView {
  server_id: string;
  kind: string;
  step: string;
  state: 'running' | 'queued' | 'waiting' | 'host';
  started_at: string | null;
  due_at: string | null;
}

export interface ControllerStatus {
  disks: DiskView[];
  tasks: Record<TaskView['state'], number> & { oldest: TaskView[] };
}

/** Disks and work of the controller. */
export function controllerStatus(session: Session): Promise<ControllerStatus> {
  return request<ControllerStatus>(session, { service: 'operator', path: '/status' });
}

/** Every host that has ever reported, by name. */
export async function listHosts(session: Session): Promise<HostView[]> {
  const asked = { service: 'operator', path: '/hosts' } as const;
  return allOf<HostView>(session, asked, 'hosts');
}

/** Every host that was ever enrolled, by name. */
export async function listEnrolments(session: Session): Promise<EnrolmentView[]> {
  const asked = { service: 'operator', path: '/hosts/enrolments' } as const;
  return (await request<{ enrolments: EnrolmentView[] }>(session, asked)).enrolments;
}

/** Makes a token for a host. Throws `conflict` when it has one, unless `replace`. */
export async function makeEnrolment(
  session: Session,
  name: string,
  replace: boolean,
): Promise<Omit<EnrolmentView, 'link'> & { token: string }> {
  const reply = await request<{ enrolment: Omit<EnrolmentView, 'link'> & { token: string } }>(
    session,
    { service: 'operator', method: 'POST', path: enrolmentPath(name), body: { replace } },
  );
  return reply.enrolment;
}

/**
 * Removes a host that will not return. Throws `notFound`, and `conflict` while it reports or has
 * servers.
 */
export async function removeHost(session: Session, name: string): Promise<void> {
  const path = `/hosts/${encodeURIComponent(name)}`;
  await request(session, { service: 'operator', method: 'DELETE', path });
}

/** Throws `notFound` for a host that was never enrolled. */
export async function endEnrolment(session: Session, name: string): Promise<void> {
  await request(session, { service: 'operator', method: 'DELETE', path: enrolmentPath(name) });
}

function enrolmentPath(name: string): string {
  return `/hosts/${encodeURIComponent(name)}/enrolment`;
}

/** Why this server is where it is. Throws `notFound` for an id that no server has. */
export function explainServer(session: Session, serverId: string): Promise<ExplainReply> {
  return request<ExplainReply>(session, {
    service: 'operator',
    path: `/servers/${serverId}/explain`,
  });
}

/** The servers of all projects; with a name, those whose name is exactly this one. */
async function listServers(session: Session, name?: string): Promise<NamedServer[]> {
  const query = new URLSearchParams({ all_tenants: 'True' });
  if (name !== undefined) query.set('name', patternFor(name));
  const path = `/servers?${query.toString()}`;
  const asked = { service: 'compute', path, microversion } as const;
  const servers = await allOf<NamedServer>(session, asked, 'servers');
  return name === undefined ? servers : servers.filter((server) => server.name === name);
}

/** The API takes no longer pattern. */
const longestPattern = 255;

/**
 * A pattern for this name; of a long one, whose escaped text is too long, for names that start like
 * it.
 */
function patternFor(name: string): string {
  const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const whole = `^${escaped(name)}$`;
  if (whole.length <= longestPattern) return whole;
  return `^${escaped(Array.from(name).slice(0, 100).join(''))}`;
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The id of the server meant by an id or a name. Throws `notFound`, or `conflict` naming the ids
 * when several have the name.
 */
export async function findServerId(session: Session, idOrName: string): Promise<string> {
  if (uuidForm.test(idOrName)) return idOrName;
  const found = await listServers(session, idOrName);
  if (found.length > 1) {
    const ids = found.map((server) => server.id).join(', ');
    throw new ComputeError(
      'conflict',
      `${found.length} servers are named "${idOrName}": ${ids}. Give the id.`,
    );
  }
  const [server] = found;
  if (server !== undefined) return server.id;
  throw new ComputeError('notFound', `no server has the id or name "${idOrName}"`);
}

/**
 * Names by server id, for tables; none when the caller may not list the servers of all projects.
 */
export async function serverNames(session: Session): Promise<Map<string, string>> {
  try {
    return new Map((await listServers(session)).map((server) => [server.id, server.name]));
  } catch (error) {
    if (isComputeError(error, 'forbidden')) return new Map();
    throw error;
  }
}
