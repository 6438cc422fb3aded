/** The requests of the operator API. */
import type { PciDeviceStatus } from '#core/pci/devices/device.ts';
import { allOf, pagesOf } from './session/pages.ts';
import { request } from './session/request.ts';
import type { Session } from './session/session.ts';
import type { ExplainReply } from './shapes/explain.ts';
import type { EnrolmentView, HostView, NewEnrolmentView } from './shapes/hosts.ts';
import type { MoveView } from './shapes/moves.ts';
import type { OperatorReply } from './shapes/operator-replies.ts';
import type { DeviceView, PoolsReply } from './shapes/pci.ts';
import type { ChecksView } from './shapes/pci-check.ts';
import type { ControllerStatus } from './shapes/status.ts';
import type { WhatIfReply } from './shapes/what-if.ts';

/**
 * The PCI devices that the operator offers, by host and address. `only` restricts them to one host
 * or one status. Throws `notFound` for an unknown host.
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
  const call = { service: 'operator', path: '/pci/pools' } as const;
  for await (const { pools, stats } of pagesOf<PoolsReply>(session, call, 'pools')) {
    all.pools.push(...pools);
    all.stats.push(...stats);
  }
  return all;
}

/** Disks and work of the controller. */
export function controllerStatus(session: Session): Promise<ControllerStatus> {
  return request<OperatorReply<'GET /status'>>(session, { service: 'operator', path: '/status' });
}

/** Every host that has ever reported, by name. */
export async function listHosts(session: Session): Promise<HostView[]> {
  const call = { service: 'operator', path: '/hosts' } as const;
  return allOf<HostView>(session, call, 'hosts');
}

/** Every host that was ever enrolled, by name. */
export async function listEnrolments(session: Session): Promise<EnrolmentView[]> {
  const call = { service: 'operator', path: '/hosts/enrolments' } as const;
  return (await request<OperatorReply<'GET /hosts/enrolments'>>(session, call)).enrolments;
}

/**
 * Makes a join token for a host. Throws `conflict` when it has a valid one, or a valid certificate,
 * unless `replace`.
 */
export async function makeEnrolment(
  session: Session,
  name: string,
  body: { replace: boolean; valid_for?: number },
): Promise<NewEnrolmentView> {
  const call = { service: 'operator', method: 'POST', path: enrolmentPath(name) } as const;
  type Reply = OperatorReply<'POST /hosts/:name/enrolment'>;
  return (await request<Reply>(session, { ...call, body })).enrolment;
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

/**
 * The host begins to replace its certificate. Throws `notFound` for a host that was never enrolled,
 * `conflict` for one that is not connected.
 */
export async function beginRotation(session: Session, name: string): Promise<void> {
  const path = `/hosts/${encodeURIComponent(name)}/certificate`;
  await request(session, { service: 'operator', method: 'POST', path });
}

function enrolmentPath(name: string): string {
  return `/hosts/${encodeURIComponent(name)}/enrolment`;
}

/** Moves under way, newest first; with the id of a server, all of that server. */
export async function listMoves(session: Session, serverId?: string): Promise<MoveView[]> {
  const path = `/moves${serverId === undefined ? '' : `?server=${serverId}`}`;
  const call = { service: 'operator', path } as const;
  return (await request<OperatorReply<'GET /moves'>>(session, call)).moves;
}

/** Why this server is where it is. Throws `notFound` for an id that no server has. */
export function explainServer(session: Session, serverId: string): Promise<ExplainReply> {
  const path = `/servers/${serverId}/explain`;
  return request<OperatorReply<'GET /servers/:id/explain'>>(session, { service: 'operator', path });
}

/** The dry run of a device list for every host, page by page. The body is the API's. */
export async function* pagesOfChecks(session: Session, body: object): AsyncGenerator<ChecksView> {
  let query = '';
  for (;;) {
    const path = `/pci/check${query}`;
    const call = { service: 'operator', method: 'POST', path, body } as const;
    const page = await request<ChecksView>(session, call);
    yield page;
    const next = page.hosts_links?.find(({ rel }) => rel === 'next');
    if (next === undefined) return;
    query = new URL(next.href).search;
  }
}

/** Where servers of this shape would be placed; the body is the API's. Nothing is claimed. */
export function requestWhatIf(session: Session, body: object): Promise<WhatIfReply> {
  const call = { service: 'operator', method: 'POST', path: '/what-if', body } as const;
  return request<OperatorReply<'POST /what-if'>>(session, call);
}
