/**
 * Taps created with `ip`, and their ports created with `ovs-vsctl`. Those created here are marked
 * by an alias; only these are ever removed.
 */
import type { HostTaps } from '#contracts/host/host-taps.ts';
import type { RunProgram } from '#runtime/run-program.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { HostTap } from '#core/guests/description/host-tap.ts';
import { type Link, listLinks, madeByUs } from './links.ts';

/** Seconds that Open vSwitch may take. */
const ovsTimeout = 10;

export class LinuxTaps implements HostTaps {
  readonly #run: RunProgram;

  constructor({ run }: { run: RunProgram }) {
    this.#run = run;
  }

  async ensureTap(tap: HostTap, guestId: string): Promise<void> {
    const { devName, mtu, isMultiQueue, ovs } = tap;
    const found = await this.#link(devName);
    // A tap left unmarked by a crash is not joined to anything.
    const isForeign = found !== undefined && found.alias !== madeByUs && found.master !== null;
    if (isForeign || (found !== undefined && found.kind !== 'tun')) {
      throw refused(
        `interface ${devName} exists and was not created by Novella: ip link del ${devName}`,
      );
    }
    if (found === undefined) {
      const queues = isMultiQueue ? ['multi_queue'] : [];
      await this.#ask('ip', 'tuntap', 'add', 'dev', devName, 'mode', 'tap', ...queues);
    }
    try {
      const size = mtu === null ? [] : ['mtu', String(mtu)];
      // A high MAC: a bridge takes the lowest MAC of its ports as its own, and that must not change
      // with guests.
      const address = `fe${tap.macAddress.slice(2)}`;
      const marks = ['alias', madeByUs, 'addrgenmode', 'none'];
      await this.#ask('ip', 'link', 'set', 'dev', devName, ...marks, 'address', address, ...size);
      await this.#ask('ip', 'link', 'set', 'dev', devName, 'up');
      if (ovs !== null) await this.#addPort(tap, ovs, guestId);
    } catch (error) {
      // Reports the host's refusal, not a failed removal of the tap: the caller has recorded the
      // tap.
      if (found === undefined) await this.#ask('ip', 'link', 'del', devName).catch(() => undefined);
      throw error;
    }
  }

  /** A port outlives its tap when the host reboots. */
  async removeTap({ devName, ovs }: HostTap): Promise<void> {
    const found = await this.#link(devName);
    if (found !== undefined && found.alias !== madeByUs) return;
    if (ovs !== null) {
      await this.#ask('ovs-vsctl', `--timeout=${ovsTimeout}`, '--if-exists', 'del-port', devName);
    }
    if (found !== undefined) await this.#ask('ip', 'link', 'del', devName);
  }

  /**
   * The keys by which the network's agent, or OVN, finds the port. Source: Open vSwitch
   * `vswitchd/vswitch.xml`, `Interface: external_ids`.
   */
  async #addPort(
    { devName, macAddress }: HostTap,
    { bridge, interfaceId }: NonNullable<HostTap['ovs']>,
    guestId: string,
  ): Promise<void> {
    const ids = {
      'iface-id': interfaceId,
      'iface-status': 'active',
      'attached-mac': `"${macAddress}"`,
      'vm-uuid': guestId,
    };
    const settings = Object.entries(ids).map(([key, value]) => `external_ids:${key}=${value}`);
    const add = ['--may-exist', 'add-port', bridge, devName];
    const set = ['set', 'Interface', devName, ...settings];
    await this.#ask('ovs-vsctl', `--timeout=${ovsTimeout}`, ...add, '--', ...set);
  }

  async #link(devName: string): Promise<Link | undefined> {
    try {
      return (await listLinks(this.#run)).find(({ ifname }) => ifname === devName);
    } catch (cause) {
      throw refused(`network interfaces cannot be listed: ${errorText(cause)}`, cause);
    }
  }

  async #ask(...args: string[]): Promise<void> {
    try {
      await this.#run(args);
    } catch (cause) {
      throw refused(`"${args.join(' ')}": ${errorText(cause)}`, cause);
    }
  }
}

function refused(message: string, cause?: unknown): ComputeError {
  return new ComputeError('unavailable', message, cause === undefined ? {} : { cause });
}
