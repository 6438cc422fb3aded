/** What happens to a cluster under load. Each fault ends by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { between, oneOf, weighted } from '#test/random.ts';
import type { Link } from './link.ts';
import { hostLostS, type Scene } from './scene.ts';

/** Of processes, and of what is between them: one of each kind at a time. */
export type FaultKind = 'process' | 'link';

interface Fault {
  weight: number;
  /** Returns when it has ended, with what it was done to. */
  run(scene: Scene, random: () => number): Promise<Happened>;
}

/** Example: `{ target: 'controller-2', ms: 1200 }`. */
export interface Happened {
  target: string;
  ms?: number;
  seconds?: number;
}

/** The other controllers have the work of a paused one after seven seconds. */
const pastLeaseMs = [7_500, 10_000] as const;
const shortMs = [100, 3_000] as const;
const lostMs = [hostLostS * 1_000, hostLostS * 1_000 + 3_000] as const;
const longestJumpS = 120;

type Range = readonly [number, number];
const within = (random: () => number, [least, most]: Range) => between(random, least, most);

const processes: Record<string, Fault> = {
  'kill-controller': {
    weight: 4,
    run: async (scene, random) => {
      const [target, ms] = [oneOf(random, scene.controllers), within(random, shortMs)];
      await scene.killController(target, ms);
      return { target, ms };
    },
  },
  'pause-controller': pauseOf('controller', shortMs, 2),
  'pause-controller-past-lease': pauseOf('controller', pastLeaseMs, 2),
  'kill-agent': {
    weight: 3,
    run: async (scene, random) => {
      const [target, ms] = [oneOf(random, scene.hosts), within(random, shortMs)];
      await scene.killAgent(target, ms);
      return { target, ms };
    },
  },
  'lose-host': {
    weight: 1.5,
    run: async (scene, random) => {
      const [target, ms] = [oneOf(random, scene.hosts), within(random, lostMs)];
      await scene.killAgent(target, ms);
      return { target, ms };
    },
  },
  'pause-agent': pauseOf('agent', [100, 8_000], 1.5),
  'kill-database': {
    weight: 2,
    run: async (scene, random) => {
      const ms = within(random, [0, 2_000]);
      await scene.crashDatabase(ms);
      return { target: 'postgresql', ms };
    },
  },
};

const links: Record<string, Fault> = {
  'cut-link': linkFault({ weight: 4, range: [0, 0], act: (link) => link.cut() }),
  'refuse-link': linkFault({ weight: 2, range: [500, 4_000], act: (link) => link.refuse() }),
  'hold-link': linkFault({ weight: 2, range: [500, 4_000], act: (link) => link.hold() }),
  'hold-link-past-lease': linkFault({
    weight: 1,
    range: pastLeaseMs,
    act: (link) => link.hold(),
  }),
  'delay-link': linkFault({
    weight: 3,
    range: [1_000, 4_000],
    act: (link, random) => link.delay(between(random, 5, 150)),
  }),
};

const clocks: Record<string, Fault> = {
  'clock-jump': {
    weight: 4,
    run: async (scene, random) => {
      const target = oneOf(random, [...scene.controllers, ...scene.hosts]);
      const seconds = between(random, -longestJumpS, longestJumpS);
      scene.clocks.set(target, seconds);
      // Each process reads its offset once a second.
      await sleep(1_500);
      return { target, seconds };
    },
  },
};

// oxlint-disable-next-line max-params -- of what, how long, and how often
function pauseOf(what: 'controller' | 'agent', range: Range, weight: number): Fault {
  return {
    weight,
    run: async (scene, random) => {
      const target = oneOf(random, what === 'controller' ? scene.controllers : scene.hosts);
      const ms = within(random, range);
      const { pid } = what === 'controller' ? scene.controller(target) : scene.agent(target);
      scene.signal(pid, 'SIGSTOP');
      await sleep(ms);
      scene.signal(pid, 'SIGCONT');
      return { target, ms };
    },
  };
}

function linkFault({
  weight,
  range,
  act,
}: {
  weight: number;
  range: Range;
  act: (link: Link, random: () => number) => void;
}): Fault {
  return {
    weight,
    run: async (scene, random) => {
      const [target, link] = oneOf(random, [...scene.links]);
      const ms = within(random, range);
      act(link, random);
      await sleep(ms);
      link.heal();
      return { target, ms };
    },
  };
}

/** Lets one fault of this kind happen; its name, and what it was done to. */
export async function happen(
  scene: Scene,
  kind: FaultKind,
  random: () => number,
): Promise<Happened & { fault: string }> {
  const jumps = scene.clocks.canJump ? clocks : {};
  const faults = kind === 'process' ? processes : { ...links, ...jumps };
  const weights = Object.entries(faults).map(([name, { weight }]) => [name, weight]);
  const name = weighted(random, Object.fromEntries(weights) as Record<string, number>);
  const happened = await faults[name]?.run(scene, random);
  if (happened === undefined) throw new Error(`no fault ${name}`);
  return { fault: name, ...happened };
}
