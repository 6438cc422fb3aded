/**
 * How each NIC of a guest moves while the guest runs, and what its users and administrators notice.
 */
import { type GuestNic, isPciNic, standbyOf } from '../description/guest.ts';

/**
 * `stays`: the guest keeps the NIC, and what is under it is replaced. `vfio`: the device itself is
 * sent by the hypervisor. `standby`: the hypervisor takes the VF from the guest, which continues by
 * its standby, and gives it the other one, or the same again after a failure. `unplug`: the guest
 * is without the NIC from before it is sent until it runs on the new host.
 */
export type NicWay = 'stays' | 'vfio' | 'standby' | 'unplug';

/** Example: a macvtap → `stays`; a VF inside the guest → `unplug`. */
export function nicWay(nic: GuestNic): NicWay {
  if (!isPciNic(nic) || nic.kind === 'macvtap') return 'stays';
  if (standbyOf(nic) !== undefined) return 'standby';
  return nic.kind === 'hostdev' && nic.isMigratable === true ? 'vfio' : 'unplug';
}

/** A server with a function of the same PF on the new host. */
export interface Peer {
  id: string;
  name: string;
}

/** What one PF of the new host has of the guest. `ports`: whose VFs are set up before it comes. */
export interface SharedPf {
  pf: string;
  ports: string[];
  peers: Peer[];
}

export interface LiveMovePlan {
  host: string;
  nics: readonly GuestNic[];
  isPaused: boolean;
  shared: readonly SharedPf[];
}

/** Between what everybody may read and what is for administrators. */
const forAdministrators = '\nOn the new host ';

/**
 * What is recorded before the guest is touched. Example: `Its processors pause once, usually for
 * about a second. Port 6d… (macvtap) stays …`, and what follows is for administrators: `On the new
 * host host-2 …`.
 */
export function announcement({ host, nics, isPaused, shared }: LiveMovePlan): string {
  const pause = isPaused
    ? 'The server is paused, and stays paused.'
    : 'Its processors pause once, usually for about a second; no packet is answered meanwhile.';
  const lines = [pause, ...nics.map(ofNic)];
  const peers = shared.flatMap((each) => (each.peers.length === 0 ? [] : [ofPf(each)]));
  const more = peers.length === 0 ? ['no server loses its connection to it'] : peers;
  return `${lines.join('\n')}${forAdministrators}${host}: ${more.join('; ')}.`;
}

/** The part that names neither hosts nor other servers. */
export function publicPart(text: string): string {
  const [start = ''] = text.split(forAdministrators);
  return start;
}

const texts: Record<NicWay, string> = {
  stays: 'stays connected but for that pause.',
  vfio: 'keeps its device, whose state is sent with the memory.',
  standby:
    'uses its standby while its VF is replaced: packets are lost at the change to the standby and back.',
  unplug:
    'is unplugged before the memory is sent, and plugged in again on the new host: no network by it in between; the guest then configures it again.',
};

function ofNic(nic: GuestNic): string {
  return `Port ${nic.portId} ${texts[nicWay(nic)]}`;
}

function ofPf({ pf, ports, peers }: SharedPf): string {
  const names = peers.map(({ id, name }) => `${name} (${id})`).join(', ');
  return `until the server runs there, servers on PF ${pf} do not reach it by port ${ports.join(', ')}: ${names}`;
}
