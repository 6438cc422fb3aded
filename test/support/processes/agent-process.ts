/**
 * `novella agent` as a hypervisor runs it: a process of its own, with a simulated machine and a
 * state directory that a test owns.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { keptGuests } from './kept-guests.ts';
import { starter } from './starter.ts';

export interface AgentPlan {
  /** All files of this agent are kept there. */
  folder: string;
  controllerUrl: string | string[];
  host: string;
  token: string;
  /** Certificate authorities to trust beside the usual ones. */
  caFile?: string;
}

export interface AgentProcess {
  pid: number;
  /** Messages of its log, oldest first. */
  entries: string[];
  /** Its exit code; null: a signal ended it. */
  ended: Promise<number | null>;
  /** Settles when it has logged a line that matches, this many times, or as soon as it does. */
  waitForLog(pattern: RegExp, times?: number): Promise<string>;
  /** Sends SIGTERM and waits until it has ended; its exit code. */
  stop(): Promise<number | null>;
  /** `kill -9`, and waits until it has ended. */
  kill(): Promise<void>;
}

/** Writes the agent's configuration; its path. */
export function writeAgentConfig({
  folder,
  controllerUrl,
  host,
  token,
  caFile,
}: AgentPlan): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), `${token}\n`);
  const path = join(folder, 'agent.yaml');
  const content = {
    controller: controllerUrl,
    token_file: join(folder, 'token'),
    state_dir: join(folder, 'state'),
    ...(caFile !== undefined && { ca_file: caFile }),
    host: { name: host, ip: '192.0.2.21' },
    simulated: {},
  };
  writeFileSync(path, stringify(content));
  return path;
}

/** `command`: how the agent is started; by default the project's own starter. */
export function startAgentProcess(
  configPath: string,
  command: [string, ...string[]] = [process.execPath, starter],
  variables: Record<string, string> = {},
): AgentProcess {
  const [program, ...before] = command;
  const child = spawn(program, [...before, 'agent', '--config', configPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...variables },
  });
  const entries: string[] = [];
  const waiting = new Set<() => void>();
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
    for (const check of waiting) check();
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    entries.push(line.startsWith('{') ? (JSON.parse(line) as { msg: string }).msg : line);
    for (const check of waiting) check();
  });
  return {
    pid: child.pid ?? -1,
    entries,
    ended,
    waitForLog: (pattern, times = 1) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = entries.filter((line) => pattern.test(line)).at(times - 1);
          if (found === undefined && !hasEnded) return;
          waiting.delete(check);
          if (found !== undefined) resolve(found);
          else
            reject(new Error(`the agent ended without saying ${pattern}: ${entries.join('\n')}`));
        };
        waiting.add(check);
        check();
      }),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The guests that the simulated machine of an agent keeps, by id. */
export function guestsOfAgent(folder: string, host: string): string[] {
  const kept = keptGuests(join(folder, 'state', 'simulated', host, 'guests'));
  return kept.map(({ guest }) => guest.id);
}
