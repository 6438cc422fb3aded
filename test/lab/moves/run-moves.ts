/**
 * The story of moves: a controller here, agents in two emulated hosts, servers that move between
 * them by the public API while peers ping them.
 */
import { join } from 'node:path';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import type { LabHost } from '../host.ts';
import { type Chapter, runChapters } from '../story/run-chapters.ts';
import { startReport, type StoryReport } from '../story/story-report.ts';
import { clear } from '../story/world.ts';
import { begin } from './begin.ts';
import { checkCold } from './chapters/cold.ts';
import { checkConflicts } from './chapters/conflicts.ts';
import { checkDestinationKilled } from './chapters/destination-killed.ts';
import { checkEvacuated } from './chapters/evacuated.ts';
import { checkFailover } from './chapters/failover.ts';
import { checkInterventions } from './chapters/interventions.ts';
import { checkLiveDirect, checkLiveMacvtap, checkLiveNetwork } from './chapters/live.ts';
import { checkPlainMoves } from './chapters/plain.ts';
import { checkRefused } from './chapters/refused.ts';
import { checkSharedStorage } from './chapters/shared-storage.ts';
import { checkShelved } from './chapters/shelved.ts';
import type { MovesWorld } from './moves-world.ts';

const chapters: Chapter<MovesWorld>[] = [
  { title: 'A guest without Novella, moved by virsh', run: checkPlainMoves },
  { title: 'Live, with a macvtap', run: checkLiveMacvtap },
  { title: 'Live, by libvirt networks', run: checkLiveNetwork },
  { title: 'Live, with a VF', run: checkLiveDirect },
  { title: 'Live, with a failover port', run: checkFailover },
  { title: 'Cold: confirmed, and reverted', run: checkCold },
  { title: 'Shelved, and continued on the other host', run: checkShelved },
  { title: 'On shared storage: live, and evacuated', run: checkSharedStorage },
  { title: 'Evacuated from a host that returns', run: checkEvacuated },
  { title: 'Refused before anything is touched', run: checkRefused },
  { title: 'Aborted, and completed by force', run: checkInterventions },
  { title: 'The new host has VFs that something else uses', run: checkConflicts },
  { title: 'The new host loses its power', run: checkDestinationKilled },
];

export const moveTitles: readonly string[] = chapters.map(({ title }) => title);

export interface MovesOptions {
  /** Runs only chapters with one of these texts in their title. */
  only?: string[];
  /** Leaves everything up until this has ended. */
  visit?: (world: MovesWorld, cloudsYaml: string) => Promise<void>;
}

/** Runs the whole story. Nothing is left behind when this returns. */
export async function runMoves(
  write: (line: string) => void,
  { only, visit }: MovesOptions = {},
): Promise<StoryReport> {
  const report = startReport(write);
  const state = temporaryDirectory();
  const ends: (() => Promise<unknown> | void)[] = [() => state.remove()];
  try {
    let world: MovesWorld | undefined;
    const started: LabHost[] = [];
    await report.chapter('Two emulated SR-IOV hosts join a new cloud', async (check) => {
      world = await begin({ state: state.path, check, ends, started });
    });
    if (world === undefined) {
      if (started.length === 0 || started.some((host) => host.hasEnded())) report.cutOff();
      return report.report();
    }
    const begun = world;
    const hosts = () =>
      Object.values(begun.hosts).flatMap(({ host, isCut }) => (isCut ? [] : [host]));
    await runChapters(report, chapters.map(cleared), { world, hosts, only });
    await visit?.(world, join(state.path, 'clouds.yaml'));
    return report.report();
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** A chapter leaves no server, however it ends. */
function cleared({ title, run }: Chapter<MovesWorld>): Chapter<MovesWorld> {
  return {
    title,
    async run(world, check) {
      try {
        await run(world, check);
      } finally {
        await clear(world);
      }
    },
  };
}
