/** A server with one NIC in VLAN 42 that is moved from one emulated host to the other. */
import type { PortView } from '#client/networks.ts';
import { type GuestConsole, guestConsole } from '../guest-console.ts';
import { addressOf, boot, expected, hostShows, type RunningServer } from '../story/world.ts';
import { type Baseline, baselineOf } from './baseline.ts';
import { type HostName, labs, type MovesWorld, on } from './moves-world.ts';
import { answersTo } from './peers.ts';
import { type Seen, watched } from './watch.ts';

export interface MovingServer {
  server: RunningServer;
  port: PortView;
  address: string;
  from: HostName;
  to: HostName;
  /** Of both hosts, from before it was booted. */
  before: Record<HostName, Baseline>;
  /** Which start of its system runs, as it says. */
  boot: string;
  /** On its disk, which is empty otherwise. */
  text: string;
}

/** Boots it on hosta, and writes on its disk. `more`: of its port. */
// oxlint-disable-next-line max-params -- where, its name, and its port
export async function movingServer(
  world: MovesWorld,
  name: string,
  vnicType: string,
  more: object = {},
): Promise<MovingServer> {
  const [from, to] = ['hosta', 'hostb'] as const;
  const before = await baselines(world);
  const port = await world.user.createPort(world.networks.red, vnicType, more);
  const server = await boot(on(world, from), name, [port], { host: from });
  const text = `moved-${name}`;
  await server.console.command(`write vda ${text}`);
  const [alive] = await server.console.command('alive');
  const address = await addressOf(on(world, from), port);
  await hostShows('the server to answer', async () =>
    (await answersTo(world.hosts[from].host, 'far', address)) > 0 ? true : undefined,
  );
  return { server, port, address, from, to, before, boot: alive?.['boot'] ?? '', text };
}

export async function baselines({ hosts }: MovesWorld): Promise<Record<HostName, Baseline>> {
  return {
    hosta: await baselineOf(hosts.hosta.host),
    hostb: await baselineOf(hosts.hostb.host),
  };
}

/** The serial console of the server's guest on one of the hosts. */
export function consoleOn(
  world: MovesWorld,
  { id, domain }: RunningServer,
  name: HostName,
): GuestConsole {
  const { host, agent } = world.hosts[name];
  return guestConsole(host, domain, `${agent.guestsDirectory}/${id}/serial.log`);
}

/** Requests a live migration; it is accepted when this returns. */
export function requestLive({ user }: MovesWorld, { server, to }: MovingServer): Promise<void> {
  const request = { host: to, block_migration: 'auto' };
  return user.act(server.id, { 'os-migrateLive': request });
}

/** Moves it live, watched. Throws with its last action when it is not on the other host then. */
export function liveMove(world: MovesWorld, moving: MovingServer): Promise<Seen<HostName, void>> {
  return watchedMove(world, moving, async () => {
    await requestLive(world, moving);
    await arrived(world, moving, 'ACTIVE');
  });
}

/** The same for any move, or what becomes of one. */
export function watchedMove<T>(
  world: MovesWorld,
  { address, port }: MovingServer,
  act: () => Promise<T>,
): Promise<Seen<HostName, T>> {
  return watched(labs(world), { address, mac: port.mac_address }, act);
}

/** Waits until it has this status; throws unless it is on the other host then. */
export async function arrived(
  { user }: MovesWorld,
  { server, to }: MovingServer,
  status: string,
): Promise<void> {
  const settled = await user.settled(server.id, 'ACTIVE', status);
  const { 'OS-EXT-SRV-ATTR:host': host } = settled;
  const found = `${settled.status} on ${host}`;
  if (host !== to || settled.status !== status) {
    throw new Error(`${found}: ${await user.lastAction(server.id)}`);
  }
}

/** Where the server has devices. Throws unless that is one device of this host. */
export async function holdsOne(
  { user }: MovesWorld,
  { server }: MovingServer,
  name: HostName,
): Promise<string> {
  const held = (await user.devices()).filter(({ instance_uuid: id }) => id === server.id);
  const found = held.map(({ host, address, status }) => `${host} ${address} ${status}`).join(', ');
  return expected(held.length === 1 && held[0]?.host === name, found);
}
