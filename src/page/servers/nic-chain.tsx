/** What each NIC of a server is made of: port, VF, PF, host. Members see the port alone. */
import type { ComponentChildren } from 'preact';
import type { ExplainReply, NicView } from '#client/shapes/explain.ts';
import type { DeviceView } from '#client/shapes/pci.ts';
import type { InterfaceDetail, ServerDetail } from '../data/compute.ts';
import { hosts } from '../data/fleet.ts';
import { devicePath, hostPath } from '../parts/host-path.ts';
import { networkOf } from './server-addresses.ts';

interface ChainsProps {
  server: ServerDetail;
  /** For administrators. */
  explained: ExplainReply | undefined;
  interfaces: readonly InterfaceDetail[];
}

export function NicChains({ server, explained, interfaces }: ChainsProps) {
  if (explained === undefined) return <MemberNics server={server} interfaces={interfaces} />;
  if (explained.nics.length === 0) return <p class="muted">The server has no NIC.</p>;
  return (
    <ol class="nics">
      {explained.nics.map((nic) => (
        <li key={nic.position}>
          <Chain nic={nic} server={server} explained={explained} />
        </li>
      ))}
    </ol>
  );
}

interface ChainProps {
  nic: NicView;
  server: ServerDetail;
  explained: ExplainReply;
}

function Chain({ nic, server, explained }: ChainProps) {
  const device = explained.devices.find(
    ({ request_id: request }) => request !== null && request === nic.pci_request_id,
  );
  const host = device?.host ?? explained.server.host;
  const at = networkOf(server, nic.mac_address);
  const slotted = nic.pci_request_id !== null;
  return (
    <ol class="chain" aria-label={`NIC ${nic.position + 1}`}>
      <Link label={`Port ${nic.vnic_type === null ? '' : `(${nic.vnic_type})`}`}>
        {at?.network ?? nic.network_id ?? 'network not known'}
        <small>{[...(at?.addresses ?? []), nic.mac_address ?? 'no MAC'].join(' · ')}</small>
        <small class="mono">{nic.port_id ?? 'no port'}</small>
      </Link>
      {slotted ? (
        <DeviceLinks device={device} nic={nic} />
      ) : (
        <Link label="Device">
          none needed
          <small>{nic.vif_type === null ? 'not bound' : `bound as ${nic.vif_type}`}</small>
        </Link>
      )}
      <Link label="Host">{host === null ? 'none' : <a href={hostPath(host)}>{host}</a>}</Link>
    </ol>
  );
}

function DeviceLinks({ device, nic }: { device: DeviceView | undefined; nic: NicView }) {
  if (device === undefined) return <Link label="Device">none was given</Link>;
  const number = nic.binding_profile?.['vf_num'];
  const pf = pfOf(device);
  const isVf = device.parent_addr !== null;
  const word = device.status === 'allocated' ? 'held' : device.status;
  return (
    <>
      <Link label={isVf ? `VF${typeof number === 'number' ? ` ${number}` : ''}` : 'Device'}>
        <a class="mono" href={devicePath(device.host, device.address)}>
          {device.address}
        </a>
        <small>{[device.ifname ?? 'no interface', word].join(' · ')}</small>
        <small>{nic.vif_type === null ? 'not bound' : `bound as ${nic.vif_type}`}</small>
      </Link>
      {isVf && (
        <Link label="PF">
          <a class="mono" href={devicePath(device.host, device.parent_addr ?? '')}>
            {device.parent_addr}
          </a>
          <small>
            {[
              pf?.ifname,
              device.physical_network ?? 'no physical network',
              device.numa_node === null ? undefined : `NUMA ${device.numa_node}`,
            ]
              .filter((one) => one != null)
              .join(' · ')}
          </small>
        </Link>
      )}
    </>
  );
}

/** From the picture of the fleet, which has the interface of the PF. */
function pfOf({ host, parent_addr: address }: DeviceView) {
  const known = hosts.value?.find(({ name }) => name === host);
  return known?.pfs.find((pf) => pf.address === address);
}

function Link({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <li>
      <span class="label">{label.trim()}</span>
      <div>{children}</div>
    </li>
  );
}

function MemberNics({ server, interfaces }: Pick<ChainsProps, 'server' | 'interfaces'>) {
  if (interfaces.length === 0) return <p class="muted">The server has no NIC.</p>;
  return (
    <ol class="nics">
      {interfaces.map((one) => (
        <li key={one.port_id}>
          <ol class="chain">
            <Link label="Port">
              {networkOf(server, one.mac_addr)?.network ?? one.net_id}
              <small>
                {[...one.fixed_ips.map((ip) => ip.ip_address), one.mac_addr].join(' · ')}
              </small>
              <small class="mono">{one.port_id}</small>
            </Link>
            <Link label="State">{one.port_state}</Link>
          </ol>
        </li>
      ))}
    </ol>
  );
}
