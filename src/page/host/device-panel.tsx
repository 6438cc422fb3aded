/** One device: its state, why it cannot be given, who has it, and who had it before. */
import { useEffect, useRef } from 'preact/hooks';
import type { FunctionNode } from '#client/shapes/host-tree.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { get } from '../data/request.ts';
import { useReply } from '../data/use-reply.ts';
import { deviceStates } from '../parts/device-state.ts';
import { Reading } from '../parts/reading.tsx';
import { DeviceHistory } from './device-history.tsx';
import { shortName } from './tree-functions.ts';

type Device = OperatorReply<'GET /hosts/:name/devices/:address'>;

interface DevicePanelProps {
  host: string;
  address: string;
  /** Changes with the host. */
  version: unknown;
  /** What the tree has of it, until the rest is read. */
  known: FunctionNode | undefined;
  onClose: () => void;
}

export function DevicePanel({ host, address, version, known, onClose }: DevicePanelProps) {
  const { reply, refusal } = useReply(`${host}/${address}`, version, (signal) =>
    get('/hosts/:name/devices/:address', { path: { name: host, address }, signal }),
  );
  const fn = reply?.function ?? known;
  const box = useRef<HTMLElement>(null);
  // Below the tree on a narrow screen.
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [address]);
  return (
    <section class="panel" ref={box} aria-label={`Device ${address}`}>
      <div class="panel-head">
        <h2>{fn === undefined ? address : titleOf(fn, reply)}</h2>
        <button type="button" class="plain" onClick={onClose}>
          Close
        </button>
      </div>
      {fn !== undefined && <State fn={fn} pf={reply?.pf ?? null} />}
      {reply === undefined ? (
        <Reading what="the device" refusal={refusal} />
      ) : (
        <>
          <Chain device={reply} />
          <Settings device={reply} />
          <h3>History</h3>
          <DeviceHistory events={reply.history} />
        </>
      )}
    </section>
  );
}

function titleOf(fn: FunctionNode, device: Device | undefined): string {
  const pf = device?.pf;
  return pf == null ? shortName(fn) : `${shortName(fn)} of ${pf.ifname ?? pf.address}`;
}

function State({ fn, pf }: { fn: FunctionNode; pf: FunctionNode | null }) {
  const { availability, reason } = fn;
  const { letter, word, kind } = deviceStates[availability];
  return (
    <div class="state">
      <p>
        <span class="cell" data-kind={kind} aria-hidden="true">
          {letter}
        </span>{' '}
        <strong>{word}</strong>
      </p>
      {reason === null ? (
        <p>It can be given to a server.</p>
      ) : (
        <p>
          It cannot be given: {withNames(reason.message, [fn.holder, pf?.holder])}.{' '}
          <code class="muted">{reason.code}</code>
        </p>
      )}
    </div>
  );
}

/** The reason has the ids of servers; their names take less room. */
function withNames(message: string, holders: (FunctionNode['holder'] | undefined)[]): string {
  return holders.reduce((text, holder) => {
    const name = holder?.server_name ?? '';
    return name === '' ? text : text.replaceAll(holder?.server_id ?? '', name);
  }, message);
}

/** From the card to the server, one below the other. */
function Chain({ device: { function: fn, pf, port } }: { device: Device }) {
  const { holder } = fn;
  if (holder === null) return null;
  return (
    <ol class="chain">
      {pf !== null && (
        <li>
          <span class="label">PF</span> {pf.ifname ?? ''} <code>{pf.address}</code>
        </li>
      )}
      <li>
        <span class="label">{pf === null ? 'Device' : 'VF'}</span> {shortName(fn)}{' '}
        <code>{fn.address}</code>
      </li>
      {port !== null && (
        <li>
          <span class="label">Port</span> {port.network_name}
          {port.vlan === null ? '' : `, VLAN ${port.vlan}`}, {port.vnic_type}
          <br />
          <code>{port.mac_address}</code> {port.ip_addresses.join(', ')}
          <br />
          <code class="muted">{port.port_id}</code>
        </li>
      )}
      <li>
        <span class="label">Server</span>{' '}
        <a href={`/ui/servers/${holder.server_id}`}>{holder.server_name ?? holder.server_id}</a>
        {holder.server_status !== null && ` ${holder.server_status}`}
        <br />
        <code class="muted">{holder.server_id}</code>
      </li>
    </ol>
  );
}

function Settings({ device: { function: fn, device } }: { device: Device }) {
  const tags = Object.entries(device?.tags ?? {}).map(([key, value]) => `${key}: ${value}`);
  const rows: [string, string | null | undefined][] = [
    ['Address', fn.address],
    ['Interface', fn.ifname],
    ['Vendor, product', `${fn.vendor_id}:${fn.product_id}`],
    ['Type', device?.dev_type],
    ['NUMA node', device?.numa_node?.toString()],
    ['Physical network', fn.physical_network],
    ['Link', device?.link],
    ['Tags', tags.join(', ')],
    ['Features', device?.network_capabilities?.join(', ')],
    ['Serial number of the card', device?.card_serial_number],
  ];
  return (
    <dl class="settings">
      {rows
        .filter(([, value]) => value != null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
