/**
 * Every command of Debian 13's stock client at each microversion, against `novella up` with its
 * simulated hosts.
 */
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, type ExpectStatic, test } from 'vitest';
import { startNovella, temporaryDirectory } from '#test/processes/novella-process.ts';
import { skipTitle } from '#test/skip-title.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { openstackTree } from '../openstack/environment/tree.ts';
import { clientPlace, treeTimeoutMs } from './client-place.ts';
import { commands, otherServices, versions } from './matrix/commands.ts';
import type { Row, Section } from './matrix/row.ts';
import { problemOf } from './matrix/verdict.ts';
import { Shell, shellProgram } from './shell.ts';

const isRoot = process.getuid?.() === 0;
const state = temporaryDirectory();
beforeAll(async () => {
  if (isRoot) await openstackTree();
}, treeTimeoutMs);
afterAll(() => state.remove());

/** The client takes half of what two cores can do, so two run at a time. */
const lanes: Promise<void>[] = [Promise.resolve(), Promise.resolve()];
const runs = versions.map((version, at) => ({ at, version, name: version ?? 'none' }));
const title = skipTitle('commands of the stock client, version $name', isRoot, 'it needs root');

test.skipIf(!isRoot).concurrent.for(runs)(
  title,
  { timeout: treeTimeoutMs },
  async ({ at, version }, { expect }) => {
    const before = lanes[at % lanes.length];
    const done = (async () => {
      await before?.catch(() => undefined);
      await runAll(version, expect);
    })();
    lanes[at % lanes.length] = done;
    await done;
  },
);

async function runAll(version: string | undefined, expect: ExpectStatic): Promise<void> {
  const folder = join(state.path, version ?? 'none');
  const novella = await startNovella(join(folder, 'novella'));
  const place = await clientPlace(novella, join(folder, 'client'), [shellProgram]);
  const shell = new Shell(place, version);
  try {
    const sections = version === undefined ? [...commands, ...otherServices] : commands;
    const cloud = await Cloud.at(novella);
    const problems = await problemsIn(sections, { shell, version, cloud });
    expect(problems.join('\n\n')).toBe('');
  } finally {
    shell.end();
    await novella.stop();
  }
}

interface World {
  shell: Shell;
  version: string | undefined;
  cloud: Cloud;
}

/** Runs all commands, one after the other; what is wrong, with what was printed. */
async function problemsIn(sections: readonly Section[], world: World): Promise<string[]> {
  const problems: string[] = [];
  const kept: Record<string, string> = {};
  for (const row of sections.flatMap(({ rows }) => rows)) {
    const words = row.run.replace(/\{(\w+)\}/g, (_, name: string) => kept[name] ?? 'none');
    const outcome = await world.shell.run(words.split(' '));
    const problem = problemOf(row, outcome, world.version) ?? (await unsettled(row, world));
    if (problem !== undefined) {
      problems.push(`openstack ${words}\n${problem}\n${outcome.printed.slice(-1_000)}`);
    }
    for (const [name, expression] of Object.entries(row.keeps ?? {})) {
      kept[name] = expression.exec(outcome.printed)?.[1] ?? 'none';
    }
  }
  return problems;
}

/** Waits for the statuses that the row leads to, whether it worked or not. */
async function unsettled({ settles }: Row, { cloud }: World): Promise<string | undefined> {
  for (const [name, wanted] of Object.entries(settles ?? {})) {
    const statuses = [wanted].flat();
    const { servers } = await cloud.ok('compute', 'GET', `/servers?name=^${name}$`);
    if (servers.length !== 1) return `${servers.length} servers are named ${name}`;
    try {
      await cloud.settled(servers[0].id, ...statuses);
    } catch (error) {
      return `${name} is not ${statuses.join(' or ')}: ${String(error)}`;
    }
  }
  return undefined;
}
