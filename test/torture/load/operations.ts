/**
 * The operations of the load. Each sends requests, records in the ledger what was requested before
 * it is sent, and what was answered. A missing answer is thrown.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { microversion, showServer } from '#client/servers.ts';
import { send } from '#client/session/request.ts';
import type { ServiceName, Session } from '#client/session/session.ts';
import { isComputeError } from '#core/errors.ts';
import { between, oneOf, weighted } from '#test/random.ts';
import type { Ledger } from './ledger.ts';
import { ownName } from './own-name.ts';

/** What every operation works with. */
export interface Ground {
  session: Session;
  ledger: Ledger;
  random: () => number;
  flavors: readonly string[];
  imageId: string;
  networkIds: readonly string[];
  groupIds: readonly string[];
  hostServices: readonly string[];
  /** Servers of this user of the cloud. */
  mine: string[];
  /** Servers of all users. */
  everyone: ReadonlySet<string>;
}

interface Answer {
  status: number;
  requestId: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- read as the API documents it
  body: any;
}

interface Sent {
  operation: string;
  service?: ServiceName;
  method: 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: object;
}

const accepted = (status: number): boolean => status >= 200 && status < 300;

async function call({ session, ledger }: Ground, sent: Sent): Promise<Answer> {
  const { operation, service = 'compute', method, path, body } = sent;
  try {
    const reply = await send(session, {
      service,
      method,
      path: service === 'network' ? `/v2.0${path}` : path,
      ...(body !== undefined && { body }),
      ...(service === 'compute' && { microversion }),
    });
    ledger.count(operation, reply.status);
    const requestId = reply.headers.get('x-openstack-request-id') ?? '';
    const isJson = reply.headers.get('content-type')?.includes('json') === true;
    return { status: reply.status, requestId, body: isJson ? JSON.parse(reply.text) : undefined };
  } catch (error) {
    ledger.count(operation, 'none');
    throw error;
  }
}

const vnicTypes = { direct: 6, macvtap: 2, normal: 2 };

/** A port of our own; undefined: refused. */
async function createPort(ground: Ground): Promise<string | undefined> {
  const { random, ledger, networkIds } = ground;
  const port = {
    name: ownName,
    network_id: oneOf(random, networkIds),
    'binding:vnic_type': weighted(random, vnicTypes),
  };
  const { status, body } = await call(ground, {
    operation: 'create-port',
    service: 'network',
    method: 'POST',
    path: '/ports',
    body: { port },
  });
  if (!accepted(status)) return undefined;
  ledger.addPort(body.port.id);
  return body.port.id;
}

/** A port that may be in use, or claimed by another user at this moment. */
function anyPort({ random, ledger }: Ground): string | undefined {
  const ports = [...ledger.ports.values()].filter(({ mayBeGone }) => !mayBeGone);
  return ports.length === 0 ? undefined : oneOf(random, ports).id;
}

/** A server with one or two NICs, some of networks; now and then two servers, or one of a group. */
export async function boot(ground: Ground): Promise<void> {
  const { random, ledger, flavors, imageId, networkIds, groupIds } = ground;
  const networks: object[] = [];
  for (let nics = between(random, 1, 2); nics > 0; nics -= 1) {
    if (random() < 0.25) networks.push({ uuid: oneOf(random, networkIds) });
    else {
      const port = random() < 0.2 ? anyPort(ground) : await createPort(ground);
      if (port !== undefined) networks.push({ port });
    }
  }
  const isGroup = random() < 0.15;
  const several = random() < 0.1 && networks.every((one) => 'uuid' in one);
  const server = {
    ...{ name: ownName, flavorRef: oneOf(random, flavors), imageRef: imageId, networks },
    ...(several && { min_count: 2, max_count: 2, return_reservation_id: false }),
  };
  const hints = { 'os:scheduler_hints': { group: oneOf(random, groupIds) } };
  const { status, body, requestId } = await call(ground, {
    operation: 'boot',
    method: 'POST',
    path: '/servers',
    body: { server, ...(isGroup && hints) },
  });
  if (!accepted(status)) return;
  const { id } = body.server;
  ledger.addServer(id);
  ledger.actions.push({ serverId: id, requestId, action: 'create' });
  ground.mine.push(id);
  if (random() < 0.75) await waitShortly(ground, id);
}

/** Waits for a new server a while, so that most are ACTIVE when more is done to them. */
async function waitShortly({ session }: Ground, id: string): Promise<void> {
  for (let polls = 0; polls < 20; polls += 1) {
    await pause(20);
    const server = await showServer(session, id).catch((error: unknown) => {
      if (isComputeError(error, 'notFound')) return undefined;
      throw error;
    });
    if (server === undefined || server['OS-EXT-STS:task_state'] === null) return;
  }
}

/** Deletes one of our servers; now and then any user's, in whatever state. */
export async function remove(ground: Ground): Promise<void> {
  const { random, ledger, mine, everyone } = ground;
  const all = random() < 0.2 ? [...everyone] : mine;
  if (all.length === 0) return;
  const id = oneOf(random, all);
  const entry = ledger.servers.get(id);
  if (entry !== undefined) entry.mayBeGone = true;
  const { status } = await call(ground, {
    operation: 'delete',
    method: 'DELETE',
    path: `/servers/${id}`,
  });
  if (accepted(status) && entry !== undefined) entry.isDeleted = true;
  const at = mine.indexOf(id);
  if (at >= 0) mine.splice(at, 1);
}

const actions: Record<string, { weight: number; body: (ground: Ground) => object }> = {
  stop: { weight: 4, body: () => ({ 'os-stop': null }) },
  start: { weight: 4, body: () => ({ 'os-start': null }) },
  reboot: { weight: 4, body: () => ({ reboot: { type: 'SOFT' } }) },
  'reboot-hard': { weight: 2, body: () => ({ reboot: { type: 'HARD' } }) },
  pause: { weight: 2, body: () => ({ pause: null }) },
  unpause: { weight: 2, body: () => ({ unpause: null }) },
  suspend: { weight: 1, body: () => ({ suspend: null }) },
  resume: { weight: 2, body: () => ({ resume: null }) },
  rebuild: { weight: 1, body: ({ imageId }) => ({ rebuild: { imageRef: imageId } }) },
};
const actionWeights = Object.fromEntries(
  Object.entries(actions).map(([name, { weight }]) => [name, weight]),
);

/** A power action on one of our servers. */
export async function act(ground: Ground): Promise<void> {
  const { random, ledger, mine } = ground;
  if (mine.length === 0) return;
  const serverId = oneOf(random, mine);
  const action = weighted(random, actionWeights);
  const entry = ledger.servers.get(serverId);
  if (action === 'reboot' && entry !== undefined) entry.reboots += 1;
  await sendAction(ground, { serverId, action, body: actions[action]?.body(ground) ?? {} });
}

/** Sends an action of a server, and notes it if it is accepted; whether it is. */
export async function sendAction(
  ground: Ground,
  { serverId, action, body }: { serverId: string; action: string; body: object },
): Promise<boolean> {
  const path = `/servers/${serverId}/action`;
  const { status, requestId } = await call(ground, {
    ...{ operation: action, method: 'POST', path, body },
  });
  const isAccepted = accepted(status);
  if (isAccepted) ground.ledger.actions.push({ serverId, requestId, action });
  return isAccepted;
}

/** Attaches a port of ours, or one of a network, to one of our servers. */
export async function attach(ground: Ground): Promise<void> {
  const { random, ledger, mine, networkIds } = ground;
  if (mine.length === 0) return;
  const serverId = oneOf(random, mine);
  const ofNetwork = random() < 0.3;
  const port = ofNetwork ? undefined : await createPort(ground);
  if (!ofNetwork && port === undefined) return;
  const wanted = ofNetwork ? { net_id: oneOf(random, networkIds) } : { port_id: port };
  const { status, requestId, body } = await call(ground, {
    operation: 'attach',
    method: 'POST',
    path: `/servers/${serverId}/os-interface`,
    body: { interfaceAttachment: wanted },
  });
  if (!accepted(status)) return;
  ledger.actions.push({ serverId, requestId, action: 'attach' });
  const { port_id: portId } = body.interfaceAttachment;
  ledger.nics.push({ serverId, portId, mayBeGone: false });
}

/** Detaches a NIC that was attached to one of our servers. */
export async function detach(ground: Ground): Promise<void> {
  const { random, ledger, mine } = ground;
  const nics = ledger.nics.filter((nic) => !nic.mayBeGone && mine.includes(nic.serverId));
  if (nics.length === 0) return;
  const { serverId, portId } = oneOf(random, nics);
  ledger.mayDetach(portId);
  const { status, requestId } = await call(ground, {
    operation: 'detach',
    method: 'DELETE',
    path: `/servers/${serverId}/os-interface/${portId}`,
  });
  if (accepted(status)) ledger.actions.push({ serverId, requestId, action: 'detach' });
}

/** Deletes one of our ports, used or not: its NIC is removed too. */
export async function deletePort(ground: Ground): Promise<void> {
  const { ledger } = ground;
  const port = ledger.ports.get(anyPort(ground) ?? '');
  if (port === undefined) return;
  port.mayBeGone = true;
  ledger.mayDetach(port.id);
  const path = `/ports/${port.id}`;
  await call(ground, { operation: 'delete-port', service: 'network', method: 'DELETE', path });
}

/** A host that its operator disables, declares down, or both no longer. */
export async function changeHost(ground: Ground): Promise<void> {
  const { random, hostServices } = ground;
  const isBetter = random() < 0.6;
  const body =
    random() < 0.5 ? { status: isBetter ? 'enabled' : 'disabled' } : { forced_down: !isBetter };
  await call(ground, {
    operation: 'change-host',
    method: 'PUT',
    path: `/os-services/${oneOf(random, hostServices)}`,
    body,
  });
}
