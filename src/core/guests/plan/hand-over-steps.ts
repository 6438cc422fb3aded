/**
 * What a NIC needs of its host before the guest has it, and what is undone once it has released it.
 */
import { noMac, type VfChange } from '../../pci/vf/vf-settings.ts';
import {
  type BridgeNic,
  type GuestHostDevice,
  type GuestNic,
  isPciNic,
  standbyOf,
} from '../description/guest.ts';
import { type HeldDevice, heldByNic, heldHostDevice } from '../description/held-device.ts';
import type { HostTap } from '../description/host-tap.ts';
import type { Step, VfStep } from './step.ts';

/**
 * The device is recorded first, so that all later steps can be undone. libvirt sets MAC and VLAN of
 * a VF that it passes through; one under a macvtap is set here, so that the network's own agent
 * sees the port's MAC. Source: Nova `plug_hw_veb`.
 */
export function handOverSteps(guestId: string, nic: GuestNic): Step[] {
  if (nic.kind === 'bridge') return bridgeSteps(guestId, nic);
  const tap = tapOf(nic);
  if (tap !== undefined) return [{ do: 'make-tap', guestId, portId: nic.portId, tap }];
  const device = heldByNic(nic);
  if (device === undefined) return [];
  const { address } = device;
  const { macAddress } = nic;
  const change = vfChangeOf(nic);
  const vlan = change.vlan ?? 0;
  const standby = standbyOf(nic);
  return [
    { do: 'record-device', device, guestId, macAddress },
    ...(Object.keys(change).length > 0 ? [{ do: 'set-vf', address, change } as const] : []),
    ...(device.isConfigured
      ? [{ do: 'set-vf-link', address, macAddress, up: vlan > 0 } as const]
      : []),
    ...(standby === undefined ? [] : bridgeSteps(guestId, standby)),
  ];
}

function bridgeSteps(guestId: string, { portId, bridge, wiring }: BridgeNic): Step[] {
  return wiring === null ? [] : [{ do: 'make-bridge', guestId, portId, bridge, wiring }];
}

/**
 * The tap that the host makes for this NIC; undefined where the hypervisor makes what it needs.
 * Source: Nova `_set_config_VIFOpenVSwitch`, `plug_tap`.
 */
function tapOf(nic: GuestNic): HostTap | undefined {
  if (nic.kind !== 'tap' || !nic.madeByUs) return undefined;
  const { devName, macAddress, mtu, frontend, ovs = null } = nic;
  return { devName, macAddress, mtu, isMultiQueue: (frontend.queues ?? 1) > 1, ovs };
}

/** The device of a flavor alias: nothing is set on it. */
export function recordHostDevice(guestId: string, device: GuestHostDevice): Step {
  return { do: 'record-device', device: heldHostDevice(device), guestId, macAddress: null };
}

/** The reverse; the guest must have released the device. */
export function handBackSteps(guestId: string, nic: GuestNic): Step[] {
  const { portId } = nic;
  const bridged = nic.kind === 'bridge' ? nic : standbyOf(nic);
  const release: Step[] =
    bridged?.wiring == null ? [] : [{ do: 'release-bridge', guestId, portId }];
  if (tapOf(nic) !== undefined) return [{ do: 'remove-tap', guestId, portId }];
  const device = heldByNic(nic);
  return device === undefined ? release : [{ do: 'restore-device', device, guestId }, ...release];
}

/**
 * Steps that clean a VF which was not recorded: a MAC left on it would keep its PF from sending to
 * the guest that has the MAC next. Source: Nova `unplug_hw_veb`.
 */
export function unplugSteps(device: HeldDevice): VfStep[] {
  const { address } = device;
  if (device.isConfigured) {
    return [
      { do: 'set-vf', address, change: { macAddress: noMac, vlan: 0 } },
      { do: 'set-vf-link', address, macAddress: noMac, up: false },
    ];
  }
  return device.trust ? [{ do: 'set-vf', address, change: { trust: false } }] : [];
}

/** The settings of its VF that the agent makes; empty when it makes none. */
export function vfChangeOf(nic: GuestNic): VfChange {
  if (!isPciNic(nic)) return {};
  if (nic.kind === 'hostdev') {
    // libvirt sets the MAC too, but later, and some NICs take no spoof check before.
    const mac = nic.vf?.spoofCheck === true && { macAddress: nic.macAddress };
    return { ...mac, ...(nic.trusted === true && { trust: true }), ...nic.vf };
  }
  if (nic.kind !== 'macvtap' || nic.portProfileId !== null) return {};
  return { macAddress: nic.macAddress, vlan: nic.vlan ?? 0, ...nic.vf };
}
