/** Resident memory of an idle agent as on a hypervisor: the bundle, linked to a controller. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from '#client/session/request.ts';
import { startAgentProcess, writeAgentConfig } from '#test/processes/agent-process.ts';
import { printFigure } from './figure.ts';
import { residentMib, startNovella } from './running-novella.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Time for start-up garbage to be collected. */
const settleMs = 5_000;
const host = 'hv1';

/** Prints `memory.agent_rest_mib`: a simulated machine with 8 VFs. */
export async function agentMemory(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-agent-'));
  execFileSync(process.execPath, ['bundle/agent.ts', join(folder, 'bundle')], { cwd: root });
  const controller = await startNovella();
  const session = await controller.login();
  const { enrolment } = await request<{ enrolment: { token: string; controller: string } }>(
    session,
    {
      service: 'operator',
      method: 'POST',
      path: `/hosts/${host}/enrolment`,
      body: {},
    },
  );
  const { token, controller: controllerUrl } = enrolment;
  const config = writeAgentConfig({ folder, controllerUrl, host, token });
  const agent = startAgentProcess(config, [
    process.execPath,
    join(folder, 'bundle', 'novella-agent.mjs'),
  ]);
  try {
    await agent.waitForLog(/^connected to the controller$/);
    await pause(settleMs);
    printFigure({ figure: 'memory.agent_rest_mib', value: residentMib(agent.pid), unit: 'MiB' });
  } finally {
    await agent.kill();
    await controller.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
