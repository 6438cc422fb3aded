/**
 * What the story's chapters act on: a cloud outside, an emulated host with an agent inside, and
 * servers on it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { PortView } from '#client/networks.ts';
import type { ServerView } from '#client/servers.ts';
import { type GuestConsole, guestConsole } from '../guest-console.ts';
import type { LabHost } from '../host.ts';
import type { LabAgent } from './agent.ts';
import { type CloudUser, until } from './cloud-user.ts';

export interface World {
  user: CloudUser;
  host: LabHost;
  agent: LabAgent;
  /**
   * Ids. `red` and `redAcross` are VLAN 42 on the one and on the other PF, `blue` is VLAN 43 on the
   * first, in the same subnet. `green`, VLAN 44 on the first, has another, as has `plain`, for
   * normal NICs.
   */
  networks: Record<'red' | 'redAcross' | 'blue' | 'green' | 'plain', string>;
  /** Ids. `withNvme` takes the NVMe disk by an alias. */
  flavors: { small: string; withNvme: string };
  imageId: string;
}

/** A server whose guest runs. */
export interface RunningServer {
  id: string;
  name: string;
  /** libvirt's name of it. */
  domain: string;
  ports: PortView[];
  console: GuestConsole;
}

interface BootOptions {
  flavor?: string;
  /** The host that it is to run on. Default: the scheduler's choice. */
  host?: string;
  tags?: string[];
  userData?: string;
}

/** Boots a server with these ports and waits until its guest has reported itself. */
export async function boot(
  world: World,
  name: string,
  ports: PortView[],
  options: BootOptions = {},
): Promise<RunningServer> {
  return running(world, await ask(world, name, ports, options), ports);
}

/** Requests a server and returns its id at once. */
export function ask(
  { user, imageId, flavors }: World,
  name: string,
  ports: PortView[],
  options: BootOptions = {},
): Promise<string> {
  return user.createServer({
    name,
    imageRef: imageId,
    flavorRef: options.flavor ?? flavors.small,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.userData !== undefined && { user_data: options.userData }),
    networks: ports.map(({ id }, at) => {
      const tag = options.tags?.[at];
      return { port: id, ...(tag !== undefined && { tag }) };
    }),
  });
}

/** The server once it is ACTIVE and its guest has reported itself. */
export async function running(world: World, id: string, ports: PortView[]): Promise<RunningServer> {
  const server = (await world.user.settled(id, 'ACTIVE')) as ServerView & InstanceName;
  const domain = server['OS-EXT-SRV-ATTR:instance_name'];
  const log = `${world.agent.guestsDirectory}/${id}/serial.log`;
  const console = guestConsole(world.host, domain, log);
  await console.waitFor({ what: 'READY' });
  return { id, name: server.name, domain, ports, console };
}

interface InstanceName {
  'OS-EXT-SRV-ATTR:instance_name': string;
}

/** The address that a port has. */
export async function addressOf({ user }: World, port: PortView): Promise<string> {
  const [fixed] = (await user.showPort(port.id)).fixed_ips;
  if (fixed === undefined) throw new Error(`port ${port.id} has no address`);
  return fixed.ip_address;
}

/** How many pings one `ping` of a guest sends. */
export const pings = 2;

/** How many of them the guest's peer answered. */
export async function answers(from: RunningServer, address: string): Promise<number> {
  const [ping] = await from.console.command(`ping ${address}`);
  return Number(ping?.['received']?.split('/')[0] ?? 0);
}

/** A VF as its PF shows it. Source: ip-link(8), JSON. */
export interface ShownVf {
  vf: number;
  address: string;
  vlan_list?: { vlan: number }[];
  spoofchk: boolean;
  trust: boolean;
  link_state: string;
}

/** The VFs of a PF, as the kernel of the host shows them. */
export async function vfsOf({ host }: Pick<World, 'host'>, pf: string): Promise<ShownVf[]> {
  const shown = JSON.parse(await host.mustRun(`ip -json -details link show dev ${pf}`)) as {
    vfinfo_list?: ShownVf[];
  }[];
  return shown[0]?.vfinfo_list ?? [];
}

/** The driver of a PCI function of the host; empty without one. */
export async function driverOf({ host }: World, address: string): Promise<string> {
  const link = `/sys/bus/pci/devices/${address}/driver`;
  return (await host.mustRun(`basename "$(readlink ${link})"`)).trim();
}

/** Scripts on the host. */
export const killLibvirtd = `
  pid=$(cat /run/libvirtd.pid)
  kill -9 $pid
  while kill -0 $pid 2> /dev/null; do sleep 0.1; done`;
export const startLibvirtd = `
  rm -f /run/libvirtd.pid
  libvirtd -d -l
  until virsh -q list > /dev/null 2>&1; do sleep 0.1; done`;

/** Deletes every server and waits until each is deleted: a chapter restores the host. */
export async function clear({ user }: Pick<World, 'user'>): Promise<void> {
  const ids = await user.serverIds();
  await Promise.all(ids.map((id) => user.deleteServer(id)));
}

/** Waits until the host shows what is requested; `look` returns undefined until then. */
export function hostShows<T>(what: string, poll: () => Promise<T | undefined>): Promise<T> {
  return until(what, 300, async () => {
    const seen = await poll();
    if (seen === undefined) await pause(200);
    return seen;
  });
}

/** Throws what was found when it differs from what was expected. */
export function expected(holds: boolean, found: string): string {
  if (holds) return found;
  throw new Error(found);
}
