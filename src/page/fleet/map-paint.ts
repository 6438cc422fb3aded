/** Paints the map. Each state has a colour and, beside it, a letter or a shape. */
import type { FleetHost } from '#client/shapes/fleet.ts';
import { type Kind, stateOfLetter } from '../parts/device-state.ts';
import { countsOf, standingOf } from './host-counts.ts';
import {
  cell,
  cellsPerRow,
  isSamePlace,
  linesOf,
  type MapLayout,
  type Tile,
} from './map-layout.ts';

export type Colours = Record<string, string>;

const names = [
  'page',
  'raised',
  'line',
  'line-strong',
  'text',
  'muted',
  'alarm',
  'warn',
  ...['free', 'held', 'claimed', 'blocked', 'odd', 'bad'].flatMap((name) => [name, `on-${name}`]),
];

/** The colours of the style sheet as the theme has them now. */
export function coloursOf(element: Element): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return colours;
}

interface Painter {
  pen: CanvasRenderingContext2D;
  colours: Colours;
  font: string;
}

/** `hovered`: the name of the host that has a strong border. */
export interface MapLook {
  colours: Colours;
  font: string;
  hovered: string;
  /** Pixels of the canvas for one of the layout; whole, so that no tile covers part of a pixel. */
  scale: number;
  /** Pixels of the page for one of the layout. */
  unit: number;
}

/** What a canvas shows. */
export interface Painted {
  layout: MapLayout;
  look: MapLook;
}

/** Paints what differs from `before`, which the canvas shows. */
export function paintMap(
  pen: CanvasRenderingContext2D,
  now: Painted,
  before: Painted | undefined,
): void {
  const { layout, look } = now;
  const painter = { pen, ...look };
  const paint = { devices: paintDevices, named: paintNamed, dots: paintDot }[layout.level];
  const changed = changedTiles(now, before);
  if (changed === undefined) clearAll(painter, layout, look);
  for (const tile of changed ?? layout.tiles) {
    if (changed !== undefined) pen.clearRect(tile.x, tile.y, tile.width, tile.height);
    paint(painter, tile);
    if (tile.host.name === look.hovered) outline(painter, tile, 'text', 2);
  }
}

/** undefined: the map is another one. */
export function changedTiles(now: Painted, before: Painted | undefined): Tile[] | undefined {
  if (before === undefined || !isSameMap(now, before)) return undefined;
  const framed = new Set([now.look.hovered, before.look.hovered]);
  if (framed.size === 1) framed.clear();
  return now.layout.tiles.filter(
    (tile, at) => tile !== before.layout.tiles[at] || framed.has(tile.host.name),
  );
}

/** The same places and colours: only hosts may have changed. */
function isSameMap(now: Painted, before: Painted): boolean {
  if (now.look.colours !== before.look.colours || now.look.scale !== before.look.scale)
    return false;
  const { layout } = now;
  const other = before.layout;
  return (
    layout.level === other.level &&
    layout.width === other.width &&
    layout.height === other.height &&
    layout.tiles.length === other.tiles.length &&
    layout.headings.every(({ text }, at) => text === other.headings[at]?.text) &&
    layout.tiles.every((tile, at) => {
      const known = other.tiles[at];
      return known !== undefined && (tile === known || isSamePlace(tile, known));
    })
  );
}

function clearAll(
  painter: Painter,
  { width, height, headings }: MapLayout,
  { scale, unit }: MapLook,
): void {
  const { pen, font } = painter;
  pen.canvas.width = Math.round(width * scale);
  pen.canvas.height = Math.round(height * scale);
  pen.canvas.style.height = `${height * unit}px`;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.textBaseline = 'middle';
  for (const { text, y } of headings) {
    write(painter, text, { x: 0, y: y + 11, colour: 'muted', font: `600 13px ${font}` });
  }
}

function fill({ pen, colours }: Painter, colour: string): void {
  pen.fillStyle = colours[colour] ?? colour;
}

interface Text {
  x: number;
  y: number;
  colour: string;
  font: string;
  width?: number;
}

function write(painter: Painter, text: string, { x, y, colour, font, width }: Text): void {
  const { pen } = painter;
  fill(painter, colour);
  pen.font = font;
  pen.fillText(width === undefined ? text : shortened(pen, text, width), x, y);
}

/** The end of a long name differs most often: the middle is left out. */
function shortened(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let kept = text.length - 1;
  while (kept > 2 && pen.measureText(middleless(text, kept)).width > width) kept -= 1;
  return middleless(text, kept);
}

function middleless(text: string, kept: number): string {
  const end = Math.ceil(kept / 2);
  return `${text.slice(0, kept - end)}…${text.slice(text.length - end)}`;
}

function outline({ pen, colours }: Painter, tile: Tile, colour: string, width = 1): void {
  pen.strokeStyle = colours[colour] ?? colour;
  pen.lineWidth = width;
  pen.strokeRect(tile.x + width / 2, tile.y + width / 2, tile.width - width, tile.height - width);
}

/** Name and state above, then a line of cells for each PF. */
function paintDevices(painter: Painter, tile: Tile): void {
  const { host, x, y, width } = tile;
  const { font } = painter;
  outline(painter, tile, 'line');
  const standing = standingOf(host);
  const note = standing === 'up' ? '' : standing.toUpperCase();
  const { pen } = painter;
  pen.font = `600 11px ${font}`;
  const noteWidth = pen.measureText(note).width;
  const inner = width - 2 * cell.padding;
  const top = y + 16;
  const nameWidth = inner - noteWidth - 8;
  write(painter, host.name, {
    x: x + cell.padding,
    y: top,
    colour: 'text',
    font: `650 14px ${font}`,
    width: nameWidth,
  });
  const noteAt = { x: x + width - cell.padding - noteWidth, y: top };
  write(painter, note, { ...noteAt, colour: colourOf(host), font: `600 11px ${font}` });
  let line = y + cell.name;
  const perRow = cellsPerRow(width);
  const step = cell.size + cell.gap;
  for (const { label, letters } of linesOf(host)) {
    const labelAt = { x: x + cell.padding, y: line + 10, width: inner };
    write(painter, label, { ...labelAt, colour: 'muted', font: `11px ${font}` });
    line += cell.label;
    pen.globalAlpha = isDown(host) ? faded : 1;
    for (const [at, letter] of letters.split('').entries()) {
      const place = {
        x: x + cell.padding + (at % perRow) * step,
        y: line + Math.floor(at / perRow) * step,
      };
      paintCell(painter, letter, place);
    }
    pen.globalAlpha = 1;
    line += Math.max(1, Math.ceil(letters.length / perRow)) * step + 4;
  }
}

function paintCell(painter: Painter, letter: string, { x, y }: { x: number; y: number }): void {
  const { pen, font } = painter;
  const { kind } = stateOfLetter(letter);
  if (kind === 'none') {
    fill(painter, 'muted');
    pen.fillRect(x + cell.size / 2 - 1, y + cell.size / 2 - 1, 2, 2);
    return;
  }
  fill(painter, kind);
  pen.fillRect(x, y, cell.size, cell.size);
  pen.textAlign = 'center';
  const middle = { x: x + cell.size / 2, y: y + cell.size / 2 + 0.5 };
  write(painter, letter, { ...middle, colour: `on-${kind}`, font: `11px ${font}` });
  pen.textAlign = 'start';
}

/** What a bar shows, from left to right. */
const barOrder: readonly Kind[] = ['free', 'claimed', 'held', 'blocked', 'odd', 'bad'];

function paintNamed(painter: Painter, tile: Tile): void {
  const { host, x, y, width, height } = tile;
  const { pen, font } = painter;
  const counts = countsOf(host);
  outline(painter, tile, 'line');
  const standing = standingOf(host);
  const note = isDown(host) ? 'down' : standing === 'up' ? `${counts.free} free` : standing;
  pen.font = `11px ${font}`;
  const noteWidth = pen.measureText(note).width;
  const middle = y + 15;
  write(painter, host.name, {
    x: x + 8,
    y: middle,
    colour: 'text',
    font: `600 12px ${font}`,
    width: width - 24 - noteWidth,
  });
  const noteAt = { x: x + width - 8 - noteWidth, y: middle };
  write(painter, note, { ...noteAt, colour: colourOf(host), font: `11px ${font}` });
  let at = x + 8;
  pen.globalAlpha = isDown(host) ? faded : 1;
  for (const kind of barOrder) {
    const part = counts.devices === 0 ? 0 : (counts[kind] / counts.devices) * (width - 16);
    fill(painter, kind);
    pen.fillRect(at, y + height - 16, part, 8);
    at += part;
  }
  pen.globalAlpha = 1;
}

/** Filled from below as far as its VFs are free; a cross, a triangle or a frame for its state. */
function paintDot(painter: Painter, tile: Tile): void {
  const { host, x, y, width: size } = tile;
  const { pen, colours } = painter;
  const counts = countsOf(host);
  const standing = standingOf(host);
  const isClosed = isDown(host);
  fill(painter, isClosed ? 'raised' : 'held');
  pen.fillRect(x, y, size, size);
  if (!isClosed && counts.devices > 0) {
    const part = Math.round((counts.free / counts.devices) * size);
    fill(painter, 'free');
    pen.fillRect(x, y + size - part, size, part);
  }
  if (isClosed) {
    pen.strokeStyle = colours['alarm'] ?? '';
    pen.lineWidth = size > 10 ? 2 : 1;
    pen.beginPath();
    pen.moveTo(x + 1, y + 1);
    pen.lineTo(x + size - 1, y + size - 1);
    pen.moveTo(x + size - 1, y + 1);
    pen.lineTo(x + 1, y + size - 1);
    pen.stroke();
  } else if (standing === 'problem' || counts.bad + counts.odd > 0) {
    fill(painter, 'alarm');
    pen.beginPath();
    pen.moveTo(x + size, y);
    pen.lineTo(x + size, y + size * 0.6);
    pen.lineTo(x + size * 0.4, y);
    pen.fill();
  } else if (standing === 'disabled') outline(painter, tile, 'line-strong');
}

/** The devices of a host that is down: what is free there can be given to nobody. */
const faded = 0.4;

function isDown({ state }: FleetHost): boolean {
  return state !== 'up';
}

function colourOf(host: FleetHost): string {
  const standing = standingOf(host);
  if (standing === 'up' || standing === 'disabled') return 'muted';
  return standing === 'problem' ? 'warn' : 'alarm';
}
