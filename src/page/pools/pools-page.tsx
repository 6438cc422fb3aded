/** Pools of VFs: by physical network, and for one of them by host and NUMA node. */
import { useMemo } from 'preact/hooks';
import { hosts } from '../data/fleet.ts';
import { type Column, DataTable, sorted } from '../parts/data-table.tsx';
import { hostPath } from '../parts/host-path.ts';
import { NetworkChoice } from '../fleet/network-choice.tsx';
import { useQuery } from '../parts/query.ts';
import { Reading } from '../parts/reading.tsx';
import { type NetworkPools, networksOfPools, type Pool, poolsOf, shapes } from './pool-room.ts';
import './pools.css';

const columns: readonly Column<Pool>[] = [
  { label: 'Host', sort: 'host', cell: ({ host }) => <a href={hostPath(host)}>{host}</a> },
  { label: 'NUMA node', sort: 'node', isNumber: true, cell: ({ node }) => node ?? '–' },
  { label: 'PFs', isNumber: true, cell: ({ pfs }) => pfs },
  { label: 'Free', sort: 'free', isNumber: true, cell: ({ free }) => free },
  { label: 'Held', sort: 'held', isNumber: true, cell: ({ held }) => held },
  { label: 'Cannot be given', sort: 'unusable', isNumber: true, cell: ({ unusable }) => unusable },
  { label: 'Note', cell: ({ isClosed }) => (isClosed ? 'takes no new server' : '') },
];

const keys: Record<string, (pool: Pool) => number | string> = {
  host: ({ host }) => host,
  node: ({ node }) => node ?? -1,
  free: ({ free }) => -free,
  held: ({ held }) => -held,
  unusable: ({ unusable }) => -unusable,
};

export function PoolsPage() {
  const all = hosts.value;
  const [query, setQuery] = useQuery();
  const { network = '', sort = '' } = query;
  const pools = useMemo(() => poolsOf(all ?? []), [all]);
  const networks = useMemo(() => networksOfPools(pools), [pools]);
  const shown = pools.filter((pool) => pool.network === network);
  if (all === undefined) return <Reading what="the pools" refusal={undefined} />;
  return (
    <>
      <div class="head">
        <h1>Pools</h1>
        <p class="muted">VFs by physical network</p>
      </div>
      {networks.length === 0 ? (
        <p class="empty">
          No host offers VFs of a physical network. Device specs name it as{' '}
          <code>physical_network</code>.
        </p>
      ) : (
        <NetworkList
          networks={networks}
          chosen={network}
          onChoose={(name) => setQuery({ network: name })}
        />
      )}
      {network !== '' && (
        <section class="pools-of">
          <h2>{network} by host and NUMA node</h2>
          {shown.length === 0 ? (
            <p class="empty">No host offers VFs of this network.</p>
          ) : (
            <DataTable
              label={`Pools of ${network}`}
              columns={columns}
              rows={sorted(shown, sort, keys)}
              keyOf={({ host, node }) => `${host} ${node}`}
              standingOf={({ isClosed }) => (isClosed ? 'disabled' : 'up')}
              sort={sort === '' ? 'host' : sort}
              onSort={(by) => setQuery({ sort: by === 'host' ? '' : by })}
            />
          )}
        </section>
      )}
    </>
  );
}

interface NetworkListProps {
  networks: readonly NetworkPools[];
  chosen: string;
  onChoose: (network: string) => void;
}

function NetworkList({ networks, chosen, onChoose }: NetworkListProps) {
  return (
    <div class="pool-networks" role="region" aria-label="Physical networks" tabIndex={0}>
      <table>
        <caption class="visually-hidden">
          Physical networks, their VFs, and how many servers these are enough for
        </caption>
        <thead>
          <tr>
            <th rowSpan={2} scope="col">
              Physical network
            </th>
            {['Hosts', 'Free', 'Held', 'Cannot be given'].map((label) => (
              <th key={label} rowSpan={2} scope="col" class="number">
                {label}
              </th>
            ))}
            <th colSpan={shapes.length} scope="colgroup" class="number">
              Servers that fit, each with its VFs on one NUMA node
            </th>
          </tr>
          <tr>
            {shapes.map((vfs) => (
              <th key={vfs} scope="col" class="number">
                {vfs === 1 ? '1 VF' : `${vfs} VFs`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {networks.map(({ network, hosts: on, free, held, unusable, fits }) => (
            <tr key={network}>
              <NetworkChoice network={network} chosen={chosen} onChoose={onChoose} />
              {[on, free, held, unusable, ...fits].map((number, at) => (
                <td key={at} class={number === 0 && at > 3 ? 'number alarm' : 'number'}>
                  {number.toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
