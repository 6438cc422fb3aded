/** Moves as text: what each waits for, and how much of it has been copied, how fast. */
import type { MoveView } from '#client/shapes/moves.ts';
import { type Column, tableLines } from '../terminal/table.ts';

/** What was read at one moment. `at`: milliseconds that never go back. */
export interface Sample {
  moves: readonly MoveView[];
  at: number;
}

const ways: Record<MoveView['type'], string> = {
  resize: 'resize',
  migration: 'cold',
  'live-migration': 'live',
  evacuation: 'evacuation',
  unshelve: 'unshelve',
  shelve: 'shelve',
};

/** What a step waits for, or does. Others are shown as they are. */
const steps: Record<string, string> = {
  reserve: 'choose a host',
  'bind-target': 'bind ports',
  offered: 'offer files',
  prefetched: 'fetch files',
  expected: 'prepare new host',
  'switch-ports': 'switch ports',
  'target-started': 'start on new host',
  'clear-target': 'undo: clear new host',
  'target-cleared': 'undo: clear new host',
  'restore-ports': 'undo: ports',
  'restore-source': 'undo: old host',
  'source-restored': 'undo: old host',
  'release-target': 'undo: release new host',
  'drop-image': 'delete image',
  'clear-source': 'clear old host',
  'source-cleared': 'clear old host',
  'release-source': 'release old host',
};

/** `bar`: with a bar for what has been copied. */
export interface MovesStyle {
  bold: boolean;
  bar: boolean;
}

/** A table, or one line when nothing moves. `before`: for rates. */
export function movesLines(
  sample: Sample,
  before: Sample | undefined,
  { bold, bar }: MovesStyle,
): string[] {
  if (sample.moves.length === 0) return ['No server is moving.'];
  const columns: Column<MoveView>[] = [
    { title: 'SERVER', value: nameOf },
    { title: 'WAY', value: ({ type }) => ways[type] },
    { title: 'FROM', value: ({ source }) => source ?? '' },
    { title: 'TO', value: ({ target }) => target ?? '' },
    { title: 'STEP', value: stepText },
    { title: 'COPIED', value: (move) => copiedText(move, { sample, before, bar }) },
  ];
  return tableLines(columns, sample.moves, { bold });
}

/** Example: `web: live, hv1 to hv2: leave old host, 48 % of 2.0 GiB, 117.0 MiB/s`. */
export function plainLine(move: MoveView, sample: Sample, before: Sample | undefined): string {
  const copied = copiedText(move, { sample, before, bar: false });
  const between = `${move.source ?? 'no host'} to ${move.target ?? 'a host'}`;
  const what = [stepText(move), copied].filter(Boolean).join(', ');
  return `${nameOf(move)}: ${ways[move.type]}, ${between}: ${what}`;
}

function nameOf({ server_name: name, server_id: id }: MoveView): string {
  return name ?? id;
}

function stepText({ type, step, status }: MoveView): string {
  if (step === null) return status === 'finished' ? 'wait for confirmation' : status;
  if (step === 'source-left') return type === 'live-migration' ? 'send guest' : 'stop guest';
  return steps[step] ?? step;
}

interface SentBytes {
  total: number;
  processed: number;
  remaining: number;
}

interface Copied {
  sample: Sample;
  before: Sample | undefined;
  bar: boolean;
}

const barWidth = 10;

function copiedText(move: MoveView, { sample, before, bar }: Copied): string {
  const now = sentOf(move);
  if (now === undefined) return '';
  const share = Math.max(1 - now.remaining / now.total, 0);
  const full = Math.floor(share * barWidth);
  const drawn = bar ? `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ` : '';
  const rate = rateOf(move, { sample, before });
  const speed = rate === undefined ? '' : `, ${bytesText(rate)}/s`;
  return `${drawn}${Math.floor(share * 100)} % of ${bytesText(now.total)}${speed}`;
}

/**
 * undefined: nothing is copied now, or it is not known yet how much. `processed` are bytes on the
 * network: compressed memory has fewer, and a guest that writes is sent more than it has.
 */
function sentOf({ progress }: MoveView): SentBytes | undefined {
  if (progress === null) return undefined;
  const { memory, disk } = progress;
  const total = memory.total + disk.total;
  if (total === 0) return undefined;
  const processed = memory.processed + disk.processed;
  return { total, processed, remaining: memory.remaining + disk.remaining };
}

/** In bytes a second. undefined: only one moment is known of this copy. */
function rateOf(move: MoveView, { sample, before }: Omit<Copied, 'bar'>): number | undefined {
  const earlier = before?.moves.find(({ id, step }) => id === move.id && step === move.step);
  const [then, now] = [earlier && sentOf(earlier), sentOf(move)];
  if (before === undefined || then === undefined || now === undefined) return undefined;
  const bytes = now.processed - then.processed;
  return bytes < 0 ? undefined : (bytes * 1_000) / Math.max(sample.at - before.at, 1);
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Example: 1536 → `1.5 KiB`. */
function bytesText(bytes: number): string {
  const at = Math.min(bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${(bytes / 1024 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`;
}
