/** The agent as a hypervisor gets it: one folder, in another place, with its own Node. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  guestsOfAgent,
  startAgentProcess,
  writeAgentConfig,
} from '#test/processes/agent-process.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { run } from '#test/processes/command.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { silentLog } from '#test/silent-log.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';
import { version } from '#programs/version.ts';

const timeoutMs = 240_000;
const root = fileURLToPath(new URL('../../', import.meta.url));

let place: ReturnType<typeof temporaryDirectory>;
let agent: [string, string];
beforeAll(() => {
  place = temporaryDirectory();
  const folder = join(place.path, 'bundle');
  execFileSync(process.execPath, ['bundle/agent.ts', folder, '--with-node'], { cwd: root });
  agent = [join(folder, 'node'), join(folder, 'novella-agent.mjs')];
}, timeoutMs);
afterAll(() => place.remove());

test('the bundle prints its version and how to start it', async () => {
  const [node, program] = agent;
  expect((await run(node, [program, '--version'])).stdout).toBe(`${version}\n`);
  const help = await run(node, [program, 'agent', '--help']);
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--config <file>')]);
  const wrong = await run(node, [program, 'agent', '--config', '/nowhere.yaml']);
  expect([wrong.code, wrong.stderr]).toEqual([1, 'novella: /nowhere.yaml: no such file\n']);
});

test('the bundle has the child that connects to libvirt, with its native library', async () => {
  const [node, program] = agent;
  expect(existsSync(join(program, '../libvirt-child.mjs'))).toBe(true);
  const load = `process.stdout.write(typeof (await import('koffi')).default.load)`;
  const script = ['--input-type=module', '--eval', load];
  const request = execFileSync(node, script, { cwd: join(program, '..'), encoding: 'utf8' });
  expect(request).toBe('function');
});

test(
  'a bundled agent with a simulated machine links and boots a server',
  async () => {
    const stateDir = join(place.path, 'controller');
    const simulated = { kind: 'captured' as const, hosts: [] };
    const config = { ...readConfig(), stateDir, simulated, ports: freePorts };
    const controller = await startAllInOne(config, silentLog);
    const cloud = await Cloud.at(controller);
    const { enrolment } = await cloud.ok('operator', 'POST', '/hosts/hv1/enrolment', {});
    const folder = join(place.path, 'hv1');
    const { token, controller: controllerUrl } = enrolment;
    const plan = { folder, controllerUrl, host: 'hv1', token };
    const running = startAgentProcess(writeAgentConfig(plan), agent);
    try {
      await running.waitForLog(/^connected to the controller$/);
      await cloud.until(async () => {
        const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
        return { done: hosts[0]?.state === 'up', value: hosts };
      });
      const port = await cloud.port(await cloud.network('red'), 'direct');
      const id = await cloud.boot([{ port }]);
      await cloud.settled(id, 'ACTIVE');
      expect(guestsOfAgent(folder, 'hv1')).toEqual([id]);
      expect(await running.stop()).toBe(0);
    } finally {
      await running.kill();
      await controller.stop();
    }
  },
  timeoutMs,
);
