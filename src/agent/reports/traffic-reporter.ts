/** Reports what the VFs of guests have received and sent. */
import type { VfTraffic } from '#contracts/host/guest-counters.ts';
import type { ToController } from '#contracts/host/host-link.ts';
import { isSame } from '#core/is-same.ts';
import type { AgentOptions } from '../agent-options.ts';
import { guestTraffic } from '../devices/guest-traffic.ts';
import { repeatCheck } from './repeated-check.ts';

const everyMs = 30_000;

/** Reports it while the controller requires it. */
export class TrafficReporter {
  readonly #options: AgentOptions;
  readonly #notify: (message: ToController) => void;
  #reported: readonly VfTraffic[] = [];
  #end: (() => void) | undefined;

  constructor(options: AgentOptions, notify: (message: ToController) => void) {
    this.#options = options;
    this.#notify = notify;
  }

  /** A link is up; its controller has no figures yet. */
  linked({ countsTraffic = false }: { countsTraffic?: boolean }): void {
    this.stop();
    this.#reported = [];
    if (!countsTraffic) return;
    const { log, host } = this.#options;
    const failed = (error: unknown): void =>
      log.warn({ host, err: error }, 'the traffic of VFs cannot be read');
    const check = (): Promise<void> => this.report();
    const pace = { paceMs: () => everyMs, tickMs: everyMs };
    this.#end = repeatCheck(this.#options, { check, ...pace, failed });
    void check().catch(failed);
  }

  /** Now, if it is required and has changed. Throws the errors of the host. */
  async report(): Promise<void> {
    if (this.#end === undefined) return;
    const vfs = await guestTraffic(this.#options);
    if (this.#end === undefined || isSame(vfs, this.#reported)) return;
    this.#reported = vfs;
    this.#notify({ type: 'traffic', vfs });
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
  }
}
