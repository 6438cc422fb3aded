/** One service in its namespace: started, killed, started again on the same port. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Place, type Running, startInside } from './inside.ts';
import { type Ports, serviceCommand, type ServiceName, urlsOf } from './services.ts';

const readyLimitMs = 120_000;

export class Service {
  readonly #place: Place;
  readonly #name: ServiceName;
  readonly #ports: Ports;
  #running: Running | undefined;

  constructor(place: Place, name: ServiceName, ports: Ports) {
    this.#place = place;
    this.#name = name;
    this.#ports = ports;
  }

  /** Settles when it answers. */
  async start(): Promise<void> {
    if (this.#running?.isRunning() === true) return;
    const { command, env } = serviceCommand(this.#name, this.#ports);
    this.#running = startInside(this.#place, command, { env, log: this.#log });
    await this.#answers(this.#running);
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  /** Of the outermost of its processes; 0 when it was never started. */
  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  /** All its output, over all its starts. */
  logs(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }

  get #log(): string {
    return join(this.#place.folder, `${this.#name}.log`);
  }

  async #answers(running: Running): Promise<void> {
    const url = urlsOf(this.#ports)[this.#name];
    const end = performance.now() + readyLimitMs;
    const exists = () =>
      fetch(url).then(
        ({ status }) => status < 500,
        () => false,
      );
    while (!(await exists())) {
      const late = performance.now() > end;
      if (late || !running.isRunning()) {
        await running.kill();
        const how = late ? `did not answer within ${readyLimitMs / 1_000} s` : 'ended';
        throw new Error(`${this.#name} ${how}:\n${this.logs().slice(-4_000)}`);
      }
      await delay(50);
    }
  }
}
