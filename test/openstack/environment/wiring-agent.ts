/**
 * The running agents of one host: they get bound ports through RabbitMQ, and report them to Neutron
 * as wired.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { home, type Place, type Running, startInside } from './inside.ts';

const program = fileURLToPath(new URL('wiring-agent.py', import.meta.url));
const readyLimitMs = 60_000;

export interface WiringAgent {
  /** From now on it wires nothing, and still reports that it is alive. */
  rest(): void;
  /** Wires what was bound in between, and continues. */
  work(): void;
  kill(): Promise<void>;
}

/** Settles when Neutron has a report that it is alive. */
export async function startWiringAgent(
  place: Place,
  host: string,
  physicalFunctions: Record<string, string[]>,
): Promise<WiringAgent> {
  const folder = join(place.folder, `agent-${host}`);
  mkdirSync(folder);
  copyFileSync(program, join(folder, 'agent.py'));
  const inside = `${home}/agent-${host}`;
  const command = [
    ...['python3', `${inside}/agent.py`, '--config-file', `${home}/neutron.conf`],
    ...['--on-host', host, '--mappings', JSON.stringify(physicalFunctions)],
    ...['--idle', `${inside}/idle`],
  ];
  const log = join(folder, 'log');
  const running = startInside(place, command, { env: {}, log });
  await isAlive(running, log);
  const idle = join(folder, 'idle');
  return {
    rest: () => writeFileSync(idle, ''),
    work: () => rmSync(idle, { force: true }),
    kill: () => running.kill(),
  };
}

async function isAlive(running: Running, log: string): Promise<void> {
  const end = performance.now() + readyLimitMs;
  const messages = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  while (!messages().includes('alive on')) {
    const late = performance.now() > end;
    if (late || !running.isRunning()) {
      await running.kill();
      const how = late ? 'did not start in time' : 'ended';
      throw new Error(`the wiring agent ${how}:\n${messages().slice(-4_000)}`);
    }
    await delay(50);
  }
}
