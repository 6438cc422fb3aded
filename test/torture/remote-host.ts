/**
 * A host with an agent of its own: it survives the controller's death, and is killed itself now and
 * then. Its journal must keep it from executing a reboot twice.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from '#client/session/request.ts';
import type { NewEnrolmentView } from '#client/shapes/hosts.ts';
import type { Session } from '#client/session/session.ts';
import {
  type AgentProcess,
  startAgentProcess,
  writeAgentConfig,
} from '#test/processes/agent-process.ts';

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export class RemoteHost {
  readonly name = 'remote-1';
  readonly #folder: string;
  readonly #config: string;
  #agent: AgentProcess;

  private constructor(folder: string, config: string) {
    this.#folder = folder;
    this.#config = config;
    this.#agent = this.#start();
  }

  /** Enrols the host and starts its agent. */
  static async join(session: Session, folder: string): Promise<RemoteHost> {
    const { enrolment } = await request<{ enrolment: NewEnrolmentView }>(session, {
      service: 'operator',
      method: 'POST',
      path: '/hosts/remote-1/enrolment',
      body: {},
    });
    const { token, controller: controllerUrl } = enrolment;
    const config = writeAgentConfig({ folder, controllerUrl, host: 'remote-1', token });
    process.env['NOVELLA_TORTURE_REBOOTS'] = rebootsFile(folder);
    return new RemoteHost(folder, config);
  }

  #start(): AgentProcess {
    return startAgentProcess(this.#config, [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      ...['--import', inRoot('test/torture/count-reboots.ts')],
      inRoot('src/programs/main.ts'),
    ]);
  }

  get guestFolder(): string {
    return join(this.#folder, 'state', 'simulated', this.name, 'guests');
  }

  /** How often each guest was rebooted, by id. */
  reboots(): Map<string, number> {
    return rebootsIn(this.#folder);
  }

  /** Kills the agent and starts it again. */
  async restart(): Promise<void> {
    await this.kill();
    this.#agent = this.#start();
  }

  async kill(): Promise<void> {
    await this.#agent.kill();
  }
}

/** Where the agents of a run write down their reboots. */
export function rebootsFile(folder: string): string {
  return join(folder, 'reboots');
}

/** How often each guest was rebooted, by id. */
export function rebootsIn(folder: string): Map<string, number> {
  const file = rebootsFile(folder);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const times = new Map<string, number>();
  for (const id of lines.filter((line) => line !== '')) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}
