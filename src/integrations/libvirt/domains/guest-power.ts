/**
 * Power of a guest, and what it uses: implements the contract's acts by libvirt's calls, each
 * idempotent.
 */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import { ComputeError } from '#core/errors.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import type { DomainView } from './domain-view.ts';
import type { Domains } from './domains.ts';
import { guestCounters } from './guest-counters.ts';
import { hasCode } from '../connection/libvirt-error.ts';
import { saveRunning, startFlag } from '../xml/libvirt-numbers.ts';

/** How long a guest may take to respond, in milliseconds, and how often the request is repeated. */
export interface PowerLimits {
  shutdownMs: number;
  askEveryMs: number;
}

/**
 * A guest that is starting ignores the button, so it is pressed again. Source: Nova
 * `shutdown_retry_interval`.
 */
const standardAskEveryMs = 10_000;
/** Source: Nova `shutdown_timeout`. */
const standardShutdownMs = 60_000;

export class GuestPower {
  readonly #child: LibvirtChild;
  readonly #domains: Domains;
  readonly #limits: PowerLimits;

  constructor(child: LibvirtChild, domains: Domains, limits: Partial<PowerLimits>) {
    this.#child = child;
    this.#domains = domains;
    this.#limits = {
      shutdownMs: limits.shutdownMs ?? standardShutdownMs,
      askEveryMs: limits.askEveryMs ?? standardAskEveryMs,
    };
  }

  /** Discards a saved memory image, if any. */
  async start({ id, name }: DomainView): Promise<void> {
    await this.#child.call('startDomain', [id, startFlag.forceBoot], `start guest ${name}`);
  }

  async destroy(id: string): Promise<void> {
    const domain = await this.#domains.find(id);
    if (domain === undefined) return;
    const act = `power off guest ${domain.name}`;
    try {
      if (domain.isActive) await this.#child.call('destroyDomain', [id], act);
      else if (domain.state === 'saved') await this.#child.call('forgetSaved', [id], act);
    } catch (error) {
      // It has already ended, which was the goal.
      if (!hasCode(error, 'noDomain', 'operationInvalid') || (await this.#isActive(id)))
        throw error;
    }
  }

  async shutDown(id: string): Promise<void> {
    const domain = await this.#domains.find(id);
    // A paused guest cannot respond, so do not wait for it.
    if (domain?.state === 'running') {
      await this.#askUntil(domain, 'shutDownDomain', async () => !(await this.#isActive(id)));
    }
    await this.destroy(id);
  }

  /** Requests a restart from its system; if that fails, resets it as by the button. */
  async reboot(id: string): Promise<void> {
    const domain = await this.#inState(id, 'reboot', ['running']);
    const restarted = await this.#askUntil(domain, 'rebootDomain', async (events) =>
      events.some(({ what }) => what === 'rebooted'),
    );
    if (!restarted) await this.#child.call('resetDomain', [id], `reset guest ${domain.name}`);
  }

  async pause(id: string): Promise<void> {
    const { state, name } = await this.#inState(id, 'pause', ['running', 'paused']);
    if (state === 'running') await this.#child.call('suspendDomain', [id], `pause guest ${name}`);
  }

  async unpause(id: string): Promise<void> {
    const { state, name } = await this.#inState(id, 'unpause', ['running', 'paused']);
    if (state === 'paused') await this.#child.call('resumeDomain', [id], `unpause guest ${name}`);
  }

  async injectNmi(id: string): Promise<void> {
    const { name } = await this.#inState(id, 'inject-nmi', ['running', 'paused']);
    await this.#child.call('injectNmi', [id], `send guest ${name} an interrupt`);
  }

  async setPassword(id: string, user: { name: string; password: string }): Promise<void> {
    const { name } = await this.#inState(id, 'set-password', ['running']);
    const args = [id, user.name, user.password] as const;
    await this.#child.call('setPassword', [...args], `set a password in guest ${name}`);
  }

  async counters(id: string): Promise<GuestCounters> {
    const { name, devices } = await this.#inState(id, 'counters', ['running']);
    const stats = await this.#child.call('domainStats', [id], `read counters of guest ${name}`);
    return guestCounters(stats, devices);
  }

  async save(id: string): Promise<void> {
    const domain = await this.#inState(id, 'save', ['running', 'paused', 'saved']);
    if (domain.state === 'saved') return;
    const device = domain.held.find(({ through }) => through !== 'macvtap');
    if (device !== undefined) {
      throw new ComputeError(
        'conflict',
        `guest ${domain.name}: cannot be saved while it has PCI device ${device.address}`,
      );
    }
    await this.#child.call('saveDomain', [id, saveRunning], `save guest ${domain.name}`);
  }

  async restore({ id, name }: DomainView): Promise<void> {
    const { state } = await this.#inState(id, 'restore', ['saved', 'running']);
    if (state === 'saved') await this.#child.call('startDomain', [id, 0], `restore guest ${name}`);
  }

  async #inState(
    id: string,
    act: string,
    allowed: readonly DomainView['state'][],
  ): Promise<DomainView> {
    const domain = await this.#domains.known(id);
    if (allowed.includes(domain.state)) return domain;
    throw new ComputeError(
      'conflict',
      `guest ${domain.name}: cannot ${act} while it is ${domain.state}`,
    );
  }

  async #isActive(id: string): Promise<boolean> {
    return (await this.#domains.find(id))?.isActive === true;
  }

  /** Repeats the request until the guest has complied. False when it has not within the limit. */
  async #askUntil(
    { id, name }: DomainView,
    ask: 'shutDownDomain' | 'rebootDomain',
    isDone: Parameters<Domains['waitUntil']>[1],
  ): Promise<boolean> {
    const act = `${ask === 'rebootDomain' ? 'reboot' : 'shut down'} guest ${name}`;
    let nextAsk = 0;
    return this.#domains.waitUntil(
      id,
      async (events) => {
        if (await isDone(events)) return true;
        if (performance.now() < nextAsk) return false;
        nextAsk = performance.now() + this.#limits.askEveryMs;
        try {
          await this.#child.call(ask, [id], act);
        } catch (error) {
          // It ended between check and request; the next check shows it.
          if (!hasCode(error, 'noDomain', 'operationInvalid')) throw error;
        }
        return false;
      },
      this.#limits.shutdownMs,
    );
  }
}
