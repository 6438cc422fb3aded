/** A plan as text: one line for each step. */
import { printVfChange } from '../../pci/vf/vf-settings.ts';
import { type BridgeWiring, type GuestNic, isPciNic } from '../description/guest.ts';
import type { Step } from './step.ts';

type Printers = { [Kind in Step['do']]: (step: Extract<Step, { do: Kind }>) => string };

const printers: Printers = {
  'check-devices': ({ guest }) => `check the devices of ${guest.name}`,
  'check-departure': ({ guest }) => `check whether guest ${guest.name} can leave`,
  'check-arrival': ({ guest, from }) => `check whether guest ${guest.name} can come from ${from}`,
  'record-device': ({ device, guestId }) =>
    `record ${device.address} before guest ${guestId} has it`,
  'set-vf': ({ address, change }) => `set VF ${address}: ${printVfChange(change)}`,
  'set-vf-link': ({ address, macAddress, up }) =>
    `set the interface of VF ${address}: MAC ${macAddress}, ${up ? 'up' : 'down'}`,
  'restore-device': ({ device }) => `restore ${device.address} as recorded, and read it back`,
  'make-bridge': ({ bridge, wiring }) => `make bridge ${bridge}, joined to ${printWiring(wiring)}`,
  'release-bridge': ({ guestId, portId }) =>
    `release the bridge of ${portId === undefined ? `guest ${guestId}` : `port ${portId}`}`,
  'make-tap': ({ tap: { devName, ovs } }) =>
    `make tap ${devName}${ovs === null ? '' : `, a port of ${ovs.bridge}`}`,
  'remove-tap': ({ guestId, portId }) =>
    `remove the tap of ${portId === undefined ? `guest ${guestId}` : `port ${portId}`}`,
  'prepare-files': ({ guest, fresh }) =>
    `prepare the files of guest ${guest.name}${fresh ? ', from a new disk' : ''}`,
  'find-files': ({ guest }) => `find the files of guest ${guest.name}`,
  'prepare-rescue': ({ guest }) => `prepare the rescue disk of guest ${guest.name}`,
  'fetch-files': ({ guest, from }) => `fetch the files of guest ${guest.name} from ${from}`,
  'prefetch-files': ({ guest, from }) =>
    `fetch what does not change of guest ${guest.name}, which runs on ${from}`,
  'fetch-console': ({ guest, from }) =>
    `fetch what guest ${guest.name} wrote to its console on ${from}`,
  'connect-hosts': ({ guest, to }) => `connect to ${to} for guest ${guest.name}`,
  'send-guest': ({ guest, to }) => `send the running guest ${guest.name} to ${to}`,
  'end-transfer': ({ guestId }) => `end the transfer of guest ${guestId}`,
  'copy-disk': ({ guestId, imageId }) => `copy the disk of guest ${guestId} for image ${imageId}`,
  'upload-copy': ({ imageId }) => `upload the copy as image ${imageId}`,
  'drop-copy': ({ imageId }) => `remove the copy for image ${imageId}`,
  'remove-files': ({ guestId }) => `remove the files of guest ${guestId}`,
  define: ({ guest }) => `define guest ${guest.name}`,
  start: ({ guestId }) => `start guest ${guestId}`,
  destroy: ({ guestId }) => `cut the power of guest ${guestId}`,
  undefine: ({ guestId }) => `undefine guest ${guestId}`,
  'shut-down': ({ guestId }) => `shut guest ${guestId} down`,
  reboot: ({ guestId }) => `reboot guest ${guestId}`,
  pause: ({ guestId }) => `pause guest ${guestId}`,
  unpause: ({ guestId }) => `unpause guest ${guestId}`,
  'inject-nmi': ({ guestId }) => `send guest ${guestId} a non-maskable interrupt`,
  save: ({ guestId }) => `save the memory of guest ${guestId}`,
  restore: ({ guestId }) => `restore guest ${guestId} from its saved memory`,
  'attach-nic': ({ nic, guestId }) => `attach ${printNic(nic)} to guest ${guestId}`,
  'detach-nic': ({ nic, guestId, keep }) =>
    `detach ${printNic(nic)} from guest ${guestId}${keep === true ? ', kept in its definition' : ''}`,
};

/** Example: `set VF 0000:01:10.0: MAC fa:16:3e:5b:10:01, VLAN 42`. */
export function printStep(step: Step): string {
  return (printers[step.do] as (step: Step) => string)(step);
}

/** One line for each step; `nothing to do` for an empty plan. */
export function printPlan(steps: readonly Step[]): string {
  return steps.length === 0 ? 'nothing to do' : steps.map(printStep).join('\n');
}

function printNic(nic: GuestNic): string {
  const device = isPciNic(nic) ? ` (${nic.address})` : '';
  return `NIC ${nic.macAddress}${device}`;
}

/** Example: `physnet1, VLAN 42`. */
function printWiring({ physicalNetwork, vlan }: BridgeWiring): string {
  if (physicalNetwork === null) return 'nothing outside';
  return vlan === null ? `${physicalNetwork}, untagged` : `${physicalNetwork}, VLAN ${vlan}`;
}
