/**
 * `novella demo`: starts the all-in-one with three simulated hosts, runs a new user's journey over
 * its public HTTP API, shows and checks the results. Contains only the sequence; steps, checks and
 * texts are in `demo/`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { type Screen, writeJson, writeLines } from '#cli/terminal/screen.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { readConfig } from './config/config.ts';
import { bootChecks, type Check, deleteChecks, verify } from './demo/checks.ts';
import { choosePorts } from './demo/choose-ports.ts';
import { demoHosts } from './demo/hosts.ts';
import {
  checklistLines,
  farewellLines,
  reportDocument,
  reportLines,
  withShortIds,
} from './demo/report.ts';
import { bootSteps, deleteSteps } from './demo/steps.ts';
import type { Step, Story } from './demo/story.ts';
import { logTo } from './terminal/log.ts';
import { type AllInOne, startAllInOne } from './up/up.ts';

export interface DemoOptions {
  /** Ends after the journey, having deleted the server again. */
  once: boolean;
  /** One JSON document on `screen`, progress on `progress`; ends as with `once`. */
  json: boolean;
  screen: Screen;
  progress: Screen;
  /** Settles on Ctrl-C. A journey in progress is completed first. */
  interrupted: Promise<unknown>;
}

/**
 * Runs the demo and returns the exit code: 0 when every claim held. Its state is a temporary
 * folder, removed at the end.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const stateDir = mkdtempSync(join(tmpdir(), 'novella-demo-'));
  const forget = () => rmSync(stateDir, { recursive: true, force: true });
  // Also when a second Ctrl-C ends the process early.
  process.once('exit', forget);
  let cloud: AllInOne | undefined;
  try {
    const started = performance.now();
    const config = { ...readConfig(), stateDir, simulated: demoHosts };
    const { ports, notes } = await choosePorts(config.listen, config.ports);
    cloud = await startAllInOne(
      { ...config, ports },
      logTo(process.stderr, { level: 'warn', format: 'auto' }),
    );
    const screen = options.json ? options.progress : options.screen;
    writeLines(screen, [
      ...notes,
      stepLine('Start Novella with three simulated hosts', started, cloud.urls.compute),
    ]);
    return await journey(options, screen, cloud);
  } finally {
    await cloud?.stop();
    forget();
    process.off('exit', forget);
  }
}

async function journey(options: DemoOptions, screen: Screen, cloud: AllInOne): Promise<number> {
  const style = { bold: screen.hasStyle === true };
  const session = await openSession(readCloud(cloud.cloudsYaml));
  const story: Partial<Story> = {};
  await walk(bootSteps, session, story, screen);
  if (!options.json) writeLines(screen, reportLines(story as Story, style));
  const checks: Check[] = [...bootChecks];
  const ends = options.once || options.json;
  if (ends) {
    writeLines(screen, ['']);
    await walk(deleteSteps, session, story, screen);
    checks.push(...deleteChecks);
  }
  const results = verify(checks, story as Story);
  writeLines(screen, ['', 'Checked:', ...checklistLines(results)]);
  if (options.json) writeJson(options.screen, reportDocument(story as Story));
  if (!ends) {
    writeLines(screen, farewellLines(cloud));
    await options.interrupted;
  }
  return results.every((result) => result.faults.length === 0) ? 0 : 1;
}

async function walk(
  steps: readonly Step[],
  session: Session,
  story: Partial<Story>,
  screen: Screen,
): Promise<void> {
  for (const step of steps) {
    const started = performance.now();
    try {
      const outcome = await step.run(session, story);
      writeLines(screen, [stepLine(step.title, started, outcome)]);
    } catch (error) {
      writeLines(screen, [`  FAILED  ${step.title}`]);
      throw error;
    }
  }
}

/** Example: `     12 ms  Create network red …: 6d0f…`. */
function stepLine(title: string, startedMs: number, outcome: string): string {
  const elapsed = `${Math.round(performance.now() - startedMs)} ms`;
  return `${elapsed.padStart(8)}  ${title}: ${withShortIds(outcome)}`;
}
