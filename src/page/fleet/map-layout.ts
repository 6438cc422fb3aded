/** Where the tiles of the map are: as much of each host as there is room for. Arithmetic only. */
import type { FleetHost } from '#client/shapes/fleet.ts';

/** `devices`: each device can be seen; `named`: name and bar; `dots`: a square for each host. */
export type MapLevel = 'devices' | 'named' | 'dots';

export interface Tile {
  host: FleetHost;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface MapLayout {
  level: MapLevel;
  tiles: Tile[];
  headings: { text: string; y: number }[];
  width: number;
  height: number;
}

export interface MapGroup {
  name: string;
  hosts: readonly FleetHost[];
}

export const cell = { size: 16, gap: 2, label: 18, padding: 12, name: 26 } as const;
const heading = 26;
const mostWithDevices = 24;
const mostNamed = 300;
const dotSizes = [26, 22, 18, 15, 12, 10, 8, 7, 6];

/**
 * `height`: what the map should not exceed, as far as dots can be made smaller. In pixels. A tile
 * that is as in `before` is the same object.
 */
export function layoutMap(
  groups: readonly MapGroup[],
  { width, height }: { width: number; height: number },
  before?: MapLayout,
): MapLayout {
  const count = groups.reduce((sum, { hosts }) => sum + hosts.length, 0);
  if (count <= mostWithDevices) return deviceTiles(groups, width);
  if (count <= mostNamed) {
    const form: TileForm = { level: 'named', width: 148, height: 46, gap: 8 };
    return evenTiles(groups, { width, form, before });
  }
  const forms = dotSizes.map((size): TileForm => {
    return { level: 'dots', width: size, height: size, gap: size > 9 ? 2 : 1 };
  });
  const fits = forms.find((form) => heightWith(groups, width, form) <= height);
  return evenTiles(groups, { width, form: fits ?? smallest, before });
}

const smallest: TileForm = { level: 'dots', width: 5, height: 5, gap: 1 };

interface TileForm {
  level: MapLevel;
  width: number;
  height: number;
  gap: number;
}

const perRowOf = (width: number, form: TileForm): number =>
  Math.max(1, Math.floor((width + form.gap) / (form.width + form.gap)));

/** What `evenTiles` needs, without making the tiles. */
function heightWith(groups: readonly MapGroup[], width: number, form: TileForm): number {
  const perRow = perRowOf(width, form);
  const extra = groups.length > 1 ? heading + 10 : 0;
  return sum(
    groups.map(({ hosts }) => Math.ceil(hosts.length / perRow) * (form.height + form.gap) + extra),
  );
}

interface EvenLayout {
  width: number;
  form: TileForm;
  before: MapLayout | undefined;
}

function evenTiles(groups: readonly MapGroup[], { width, form, before }: EvenLayout): MapLayout {
  const known = before?.level === form.level ? before.tiles : [];
  const tiles: Tile[] = [];
  const headings: MapLayout['headings'] = [];
  const perRow = perRowOf(width, form);
  let y = 0;
  for (const { name, hosts } of groups) {
    if (groups.length > 1) {
      headings.push({ text: `${name} · ${hosts.length}`, y });
      y += heading;
    }
    for (const [at, host] of hosts.entries()) {
      const tile = known[tiles.length];
      const place = {
        x: (at % perRow) * (form.width + form.gap),
        y: y + Math.floor(at / perRow) * (form.height + form.gap),
        width: form.width,
        height: form.height,
      };
      const isKnown = tile?.host === host && isSamePlace(tile, place);
      tiles.push(isKnown ? tile : { host, ...place });
    }
    y += Math.ceil(hosts.length / perRow) * (form.height + form.gap) + (groups.length > 1 ? 10 : 0);
  }
  return { level: form.level, tiles, headings, width, height: y };
}

type Place = Omit<Tile, 'host'>;

export function isSamePlace(one: Place, other: Place): boolean {
  return (
    one.x === other.x &&
    one.y === other.y &&
    one.width === other.width &&
    one.height === other.height
  );
}

/** Columns of one width; a row is as high as the host in it with the most devices. */
function deviceTiles(groups: readonly MapGroup[], width: number): MapLayout {
  const gap = 12;
  const columns = Math.max(1, Math.floor((width + gap) / (332 + gap)));
  const tileWidth = Math.floor((width - gap * (columns - 1)) / columns);
  const tiles: Tile[] = [];
  const headings: MapLayout['headings'] = [];
  let y = 0;
  for (const { name, hosts } of groups) {
    if (groups.length > 1) {
      headings.push({ text: `${name} · ${hosts.length}`, y });
      y += heading;
    }
    for (let at = 0; at < hosts.length; at += columns) {
      const row = hosts.slice(at, at + columns);
      const height = Math.max(...row.map((host) => heightOf(host, tileWidth)));
      for (const [column, host] of row.entries()) {
        tiles.push({ host, x: column * (tileWidth + gap), y, width: tileWidth, height });
      }
      y += height + gap;
    }
  }
  return { level: 'devices', tiles, headings, width, height: y };
}

/** How many cells of devices are beside each other in a tile. */
export function cellsPerRow(tileWidth: number): number {
  const step = cell.size + cell.gap;
  return Math.max(1, Math.floor((tileWidth - 2 * cell.padding + cell.gap) / step));
}

/** The lines of devices of a host, each with its label. */
export function linesOf({ pfs, plain }: FleetHost): { label: string; letters: string }[] {
  const lines = pfs.map(({ address, ifname, networks, numa_node: node, vfs }) => ({
    label: [ifname ?? address, ...networks, ...(node === null ? [] : [`NUMA ${node}`])].join('  '),
    letters: vfs,
  }));
  return plain === '' ? lines : [...lines, { label: 'without SR-IOV', letters: plain }];
}

function heightOf(host: FleetHost, tileWidth: number): number {
  const perRow = cellsPerRow(tileWidth);
  const step = cell.size + cell.gap;
  const lines = linesOf(host);
  const ofLines = lines.map(
    ({ letters }) => cell.label + Math.max(1, Math.ceil(letters.length / perRow)) * step + 4,
  );
  return cell.name + Math.max(18, sum(ofLines)) + cell.padding;
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** The host at this place of the map. */
export function hostAt({ tiles }: MapLayout, x: number, y: number): FleetHost | undefined {
  return tiles.find(
    (tile) => x >= tile.x && x < tile.x + tile.width && y >= tile.y && y < tile.y + tile.height,
  )?.host;
}
