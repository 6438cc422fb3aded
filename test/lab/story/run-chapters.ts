/** Runs the chapters of a story one after the other, as long as its emulated hosts live. */
import type { LabHost } from '../host.ts';
import type { Check, StoryRecorder } from './story-report.ts';

export interface Chapter<World> {
  title: string;
  run: (world: World, check: Check) => Promise<void>;
}

/** `hosts`: those whose end cuts the story off. `only`: texts in the titles of those that run. */
export async function runChapters<World>(
  report: StoryRecorder,
  chapters: Chapter<World>[],
  { world, hosts, only }: { world: World; hosts: () => LabHost[]; only?: string[] | undefined },
): Promise<void> {
  for (const { title, run } of chapters) {
    if (only !== undefined && !only.some((text) => title.includes(text))) continue;
    await report.chapter(title, (check) =>
      Promise.race([run(world, check), ...hosts().map((host) => death(host, hosts))]),
    );
    if (!hosts().some((host) => host.hasEnded())) continue;
    report.cutOff();
    break;
  }
}

/**
 * Throws when the emulated host ends and is still one of the hosts, with the console's end: nothing
 * that is waited for would come then.
 */
async function death(host: LabHost, hosts: () => LabHost[]): Promise<never> {
  await host.ended;
  if (!hosts().includes(host)) await new Promise(() => {});
  throw new Error(`the emulated host has ended; its console: ${host.consoleTail()}`);
}
