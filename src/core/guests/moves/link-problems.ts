/** What the host's network interfaces must be for the NICs of a guest that comes to it. */
import { type GuestNic, isPciNic } from '../description/guest.ts';
import type { FailedCheck } from './preflight.ts';

/**
 * An interface of the host. `uplinks`: of a bridge, its ports that are no NICs of guests; [] for
 * all others.
 */
export interface HostInterface {
  mtu: number;
  uplinks: { name: string; mtu: number }[];
}

/** The MTUs of networks, by port. */
export type NetworkMtus = Readonly<Record<string, number>>;

/** An interface by its name; `found` null: the host has none. */
export interface NamedInterface {
  name: string;
  found: HostInterface | null;
}

/**
 * What one NIC is on top of. `functions`: the interfaces of its PF, and of the VF under a macvtap;
 * `uplink`: that of the physical network of a bridge that the host makes, null where it has none.
 */
export type UnderNic =
  | { kind: 'functions'; interfaces: NamedInterface[] }
  | { kind: 'interface'; interface: NamedInterface }
  | { kind: 'bridge'; bridge: NamedInterface; isSwitch: boolean }
  | { kind: 'uplink'; physicalNetwork: string; interface: NamedInterface | null };

/** Which bridge or interface of the host must exist for it already; null: none. */
export function neededInterface(
  nic: GuestNic,
): { kind: 'bridge' | 'switch' | 'interface'; name: string } | null {
  if (isPciNic(nic)) return null;
  switch (nic.kind) {
    case 'bridge':
      return nic.wiring === null ? { kind: 'bridge', name: nic.bridge } : null;
    case 'ovs':
      return { kind: 'switch', name: nic.bridge };
    case 'tap':
      return nic.ovs === undefined ? null : { kind: 'switch', name: nic.ovs.bridge };
    case 'interface-macvtap':
    case 'qbg':
      return { kind: 'interface', name: nic.interface };
    case 'vhostuser':
      return null;
  }
}

/**
 * The failed checks of one port. A switch forwards frames of any size between its ports, and an MTU
 * that is not known (0) is not compared.
 */
export function linkProblems(portId: string, under: UnderNic, mtu = 0): FailedCheck[] {
  switch (under.kind) {
    case 'functions':
      return under.interfaces.flatMap((each) => mtuProblems(portId, each, mtu));
    case 'interface':
      return existing(portId, under.interface, 'interface', mtu);
    case 'bridge': {
      const { bridge, isSwitch } = under;
      if (bridge.found === null || isSwitch) return existing(portId, bridge, 'bridge', 0);
      return bridge.found.uplinks.flatMap(({ name, mtu: has }) =>
        mtuProblems(portId, { name, found: { mtu: has, uplinks: [] } }, mtu),
      );
    }
    case 'uplink': {
      const { physicalNetwork, interface: uplink } = under;
      if (uplink !== null) return existing(portId, uplink, 'interface', mtu);
      const why = `port ${portId} needs physical network ${physicalNetwork}, which has no interface in bridge_mappings`;
      return [{ check: 'bridge', why }];
    }
  }
}

// oxlint-disable-next-line max-params -- whose it is, what it is and must be
function existing(
  portId: string,
  named: NamedInterface,
  kind: 'bridge' | 'interface',
  mtu: number,
): FailedCheck[] {
  if (named.found !== null) return mtuProblems(portId, named, mtu);
  return [{ check: 'bridge', why: `port ${portId} needs ${kind} ${named.name}, which is absent` }];
}

function mtuProblems(
  portId: string,
  { name, found }: NamedInterface,
  needed: number,
): FailedCheck[] {
  if (found === null || found.mtu >= needed) return [];
  const why = `${name} has ${found.mtu}, the network of port ${portId} needs ${needed}: ip link set ${name} mtu ${needed}`;
  return [{ check: 'mtu', why }];
}
