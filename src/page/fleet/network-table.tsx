/** Free VFs by physical network and NUMA node; a network's name shows its hosts alone. */
import { NetworkChoice } from './network-choice.tsx';
import type { NetworkRoom } from './fleet-sums.ts';

interface NetworkTableProps {
  rooms: readonly NetworkRoom[];
  /** '' for none. */
  chosen: string;
  onChoose: (network: string) => void;
}

export function NetworkTable({ rooms, chosen, onChoose }: NetworkTableProps) {
  if (rooms.length === 0) return null;
  const nodes = [...new Set(rooms.flatMap(({ byNode }) => [...byNode.keys()]))].sort();
  return (
    <div class="networks" role="region" aria-label="Free VFs by physical network" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Free VFs on</th>
            {nodes.map((node) => (
              <th key={node} scope="col" class="number">
                {node === '' ? 'No NUMA node' : `NUMA ${node}`}
              </th>
            ))}
            <th scope="col" class="number">
              All
            </th>
          </tr>
        </thead>
        <tbody>
          {rooms.map(({ network, byNode, free, devices }) => (
            <tr key={network}>
              <NetworkChoice network={network} chosen={chosen} onChoose={onChoose} />
              {nodes.map((node) => (
                <Free key={node} room={byNode.get(node)} />
              ))}
              <Free room={{ free, devices }} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Free({ room }: { room: { free: number; devices: number } | undefined }) {
  if (room === undefined) return <td class="number muted">–</td>;
  return (
    <td class="number">
      {room.free.toLocaleString('en')}
      <small class="muted"> of {room.devices.toLocaleString('en')}</small>
    </td>
  );
}
