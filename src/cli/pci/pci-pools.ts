/**
 * `novella pci pools`: the free devices in the scheduler's view, and rolled up by physical network.
 */
import { listPools } from '#client/operator-api.ts';
import type { PoolsReply, PoolView, StatsView } from '#client/shapes/pci.ts';
import { shortType } from './pci-devices.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import type { Session } from '#client/session/session.ts';
import { type Column, tableLines } from '../terminal/table.ts';

/** Prints the pools and the stats lines. `--json`: `{pools, stats}` as the API gives them. */
export async function showPciPools(
  session: Session,
  options: { json?: boolean },
  screen: Screen,
): Promise<void> {
  const reply = await listPools(session);
  if (options.json === true) return writeJson(screen, reply);
  if (reply.pools.length === 0) return writeLines(screen, ['No host offers PCI devices.']);
  writeLines(screen, [
    ...poolLines(reply.pools, { bold: screen.hasStyle === true }),
    '',
    ...statsLines(reply),
  ]);
}

/** A table of pools, one line each. Also for the demo's before and after. */
function poolLines(pools: readonly PoolView[], style: { bold?: boolean } = {}): string[] {
  return tableLines(poolColumns, pools, style);
}

const poolColumns: Column<PoolView>[] = [
  { title: 'HOST', value: (pool) => pool.host },
  { title: 'NETWORK', value: (pool) => pool.physical_network ?? '' },
  { title: 'PRODUCT', value: (pool) => pool.product_id },
  { title: 'VENDOR', value: (pool) => pool.vendor_id },
  { title: 'TYPE', value: (pool) => shortType(pool.dev_type) },
  { title: 'NUMA', value: (pool) => String(pool.numa_node ?? ''), align: 'right' },
  { title: 'PF', value: (pool) => pool.address },
  { title: 'FREE', value: (pool) => String(pool.count), align: 'right' },
];

/**
 * Per host, one line a key: `<physical_network>, <product_id>, <vendor_id> : <count>`. Source: the
 * seed, stats entry.
 */
function statsLines({ stats }: PoolsReply): string[] {
  const byHost = Map.groupBy(stats, (entry) => entry.host);
  return [
    'Free by physical network, product, vendor:',
    ...[...byHost].flatMap(([host, entries]) => [`  ${host}`, ...entries.map(statsLine)]),
  ];
}

function statsLine(entry: StatsView): string {
  return `    ${entry.physical_network ?? '-'}, ${entry.product_id}, ${entry.vendor_id} : ${entry.count}`;
}
