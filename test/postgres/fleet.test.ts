/** `npm run fleet`: a small simulated fleet, measured as a large one is. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { onServer } from '#test/postgres/database.ts';

const timeoutMs = 240_000;
const main = fileURLToPath(new URL('../../bench/simulated-fleet/main.ts', import.meta.url));

/** Runs it until it ends. `onPhase` is called as it reports. */
async function fleet(
  args: string[],
  onPhase: (phase: string, end: (signal: NodeJS.Signals) => void) => void = () => undefined,
) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, problems] = ['', ''];
  const phases: Record<string, unknown>[] = [];
  child.stdout.on('data', (part: Buffer) => {
    const lines = (output + part.toString()).split('\n');
    output = lines.pop() ?? '';
    for (const line of lines) {
      const read = JSON.parse(line);
      phases.push(read);
      onPhase(read.phase, (signal) => child.kill(signal));
    }
  });
  child.stderr.on('data', (part: Buffer) => (problems += part.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, phases, problems, pid: child.pid };
}

const databases = () =>
  onServer(inject('postgres'), "select datname from pg_database where datname like '%fleet%'");

test(
  'all hosts link, boot servers, and are linked again after controllers have died',
  async () => {
    // With a server of its own: other tests write to the shared one, which counts them all.
    const run = await fleet('--hosts 20 --controllers 2 --boots 8 --seconds 3'.split(' '));
    expect(run).toMatchObject({ code: 0, problems: '' });
    const names = ['start', 'enrol', 'link', 'idle', 'boots', 'kill-one', 'restart-all', 'advice'];
    expect(run.phases.map(({ phase }) => phase)).toEqual(names);
    const [, , link, idle, boots, killed, restarted, advice] = run.phases as {
      [name: string]: number & number[] & Record<string, number>;
    }[];
    const sum = (links: number[] = []) => links.reduce((total, one) => total + one, 0);
    expect(sum(link?.['links_of_each'])).toBe(20);
    expect(idle?.['beats_per_s']).toBeGreaterThan(1);
    expect(idle?.['writes_per_s']).toBeLessThan(10);
    expect(boots).toMatchObject({ boots: 8 });
    expect(boots?.['decision_ms']).toBeGreaterThan(0);
    expect(killed?.['links_of_each']).toEqual([20]);
    expect(sum(restarted?.['links_of_each'])).toBe(20);
    for (const each of [killed, restarted]) expect(each?.['api']).toMatchObject({ failed: 0 });
    expect(advice?.['hosts_per_controller']).toBeGreaterThan(10);
  },
  timeoutMs,
);

test(
  'an interrupt ends everything that was started',
  async () => {
    const sizes = '--hosts 2 --controllers 1'.split(' ');
    const run = await fleet([...sizes, '--database', inject('postgres')], (phase, end) => {
      if (phase === 'link') end('SIGINT');
    });
    expect(run.code).toBe(130);
    expect(run.phases.at(-1)).toMatchObject({ phase: 'link' });
    expect(await databases()).toEqual([]);
  },
  timeoutMs,
);

test.each([
  ['--hosts 0', '--hosts: must be a whole number above 0'],
  ['--hosts many', '--hosts: must be a whole number above 0'],
  ['--controllers 99', '--controllers: must be at most 32'],
  ['--database novella.sqlite', '--database: "novella.sqlite" must begin with postgresql://'],
  ['--agents 5', "Unknown option '--agents'"],
])('%s is refused: %s', async (args, problem) => {
  const run = await fleet(args.split(' '));
  expect(run.code).toBe(2);
  expect(run.problems).toContain(problem);
});
