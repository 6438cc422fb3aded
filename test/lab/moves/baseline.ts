/** What a host has when no guest is on it: of its VFs, of libvirt and of its files. */
import type { LabHost } from '../host.ts';
import { labDevices } from '../machine.ts';
import { vfsOf } from '../story/world.ts';

export interface Baseline {
  /** One line for each VF and all else, without MACs. */
  state: string[];
  /** MACs by VF. The driver of a VF that was passed through gives it another. */
  macs: string[];
}

const [pf] = labDevices.pfs;

export async function baselineOf(host: LabHost): Promise<Baseline> {
  const vfs = await vfsOf({ host }, pf.interface);
  const shown = await host.mustRun(`
    for vf in /sys/bus/pci/devices/${pf.address}/virtfn*; do
      echo "$(basename "$(readlink $vf)") driver $(basename "$(readlink $vf/driver)") nics $(ls $vf/net 2> /dev/null)"
    done
    ip -br -c=never link show type macvtap | awk '{ print "macvtap " $1 }'
    ip -br -c=never link show type bridge | awk '{ print "bridge " $1 }'
    ip -br -c=never link show type vlan | awk '{ print "VLAN interface " $1 }'
    bridge fdb show dev ${pf.interface} | grep fa:16:3e | sed 's/^/passed up /'
    virsh -q list --all --name | sed '/^$/d; s/^/domain /'
    virsh -q net-list --all --name | sed '/^$/d; s/^/network /'
    pgrep -f '[q]emu-system.*guest=' | sed 's/^/qemu /'
    ls /run/libvirt/qemu | grep -E '_vf[0-9]+$' | sed 's/^/saved settings of /'
    ls /var/lib/novella/guests 2> /dev/null | sed 's/^/folder of /'
    true`);
  const settings = vfs.map(
    ({ vf, vlan_list: vlans, spoofchk, trust, link_state: link }) =>
      `VF ${vf} vlan ${vlans?.[0]?.vlan ?? 0} spoofchk ${spoofchk} trust ${trust} ${link}`,
  );
  return {
    state: [...settings, ...shown.trim().split('\n')],
    macs: vfs.map(({ address }) => address),
  };
}

/** What one has and the other has not; empty when they agree. */
export function difference(before: Baseline, after: Baseline): string {
  const lost = before.state.filter((line) => !after.state.includes(line));
  const added = after.state.filter((line) => !before.state.includes(line));
  return [...lost.map((line) => `no longer ${line}`), ...added.map((line) => `now ${line}`)].join(
    '; ',
  );
}
