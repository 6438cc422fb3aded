/** `novella moves`: servers on their way from host to host, and how far they are. */
import { setTimeout as pause } from 'node:timers/promises';
import { listMoves } from '#client/operator-api.ts';
import type { Session } from '#client/session/session.ts';
import type { MoveView } from '#client/shapes/moves.ts';
import { findServerId } from '#client/server-names.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import { movesLines, plainLine, type Sample } from './moves-text.ts';

export interface MovesOptions {
  json?: boolean;
  /** Until nothing moves. */
  watch?: boolean;
}

const pollMs = 1_000;

/**
 * Prints the moves under way, or all of one server (`server`: id or name). `watch`: repeatedly,
 * until no move is under way: at a terminal in place, else a line for each that has changed.
 * `json`: `{moves}` as the API gives them.
 */
export async function showMoves(
  session: Session,
  { server, json, watch }: MovesOptions & { server?: string | undefined },
  screen: Screen,
): Promise<void> {
  const serverId = server === undefined ? undefined : await findServerId(session, server);
  const read = async (): Promise<Sample> => ({
    moves: await listMoves(session, serverId),
    at: performance.now(),
  });
  if (watch === true) return watchMoves(read, screen);
  const sample = await read();
  if (json === true) return writeJson(screen, { moves: sample.moves });
  const style = { bold: screen.hasStyle === true, bar: screen.isTerminal };
  writeLines(screen, movesLines(sample, undefined, style));
}

async function watchMoves(read: () => Promise<Sample>, screen: Screen): Promise<void> {
  let before: Sample | undefined;
  let height = 0;
  for (;;) {
    const sample = await read();
    if (screen.isTerminal) {
      const lines = movesLines(sample, before, { bold: screen.hasStyle === true, bar: true });
      const up = height === 0 ? '' : `\u001b[${height}A\u001b[J`;
      screen.write(up + lines.map((line) => `${line}\n`).join(''));
      height = lines.length;
    } else {
      writeLines(screen, changedLines(sample, before));
    }
    if (!sample.moves.some(isUnderWay)) return;
    before = sample;
    await pause(pollMs);
  }
}

function changedLines(sample: Sample, before: Sample | undefined): string[] {
  if (before === undefined && sample.moves.length === 0) return ['No server is moving.'];
  return sample.moves.flatMap((move) => {
    const known = before?.moves.find(({ id }) => id === move.id);
    const hasChanged = JSON.stringify(known) !== JSON.stringify(move);
    return hasChanged ? [plainLine(move, sample, before)] : [];
  });
}

/** One without a step waits for its user, or has ended. */
function isUnderWay({ step }: MoveView): boolean {
  return step !== null;
}
