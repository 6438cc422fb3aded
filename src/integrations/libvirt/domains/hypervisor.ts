/**
 * The hypervisor of this host through libvirt. Each act checks the state, then does what is
 * missing.
 */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import type {
  DetachHow,
  FoundGuest,
  Hypervisor,
  HypervisorChange,
  HypervisorFacts,
} from '#contracts/host/hypervisor.ts';
import { ComputeError } from '#core/errors.ts';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import { usualUnplugS } from '#core/guests/moves/unplug-limit.ts';
import { heldByNic, type HeldDevice } from '#core/guests/description/held-device.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { KeyedQueue } from '#runtime/serial-queue.ts';
import { hypervisorFacts } from './capabilities.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import { refuseDevicesInUse, wantedDevices } from './device-use.ts';
import { deviceOfNic } from './domain-devices.ts';
import { type DomainView, foundGuest } from './domain-view.ts';
import { type DomainOptions, domainXml } from '../xml/domain-xml.ts';
import { Domains } from './domains.ts';
import { GuestChanges } from './guest-changes.ts';
import { GuestPower, type PowerLimits } from './guest-power.ts';
import { hasCode } from '../connection/libvirt-error.ts';
import { undefineFlags } from '../xml/libvirt-numbers.ts';
import { Migrations } from './moves/migrations.ts';
import type { MoveLimits } from '../xml/migration.ts';
import { type DetachLimits, NicChanges } from './nic-changes.ts';
import { PortNetworks } from './port-networks.ts';

export interface LibvirtHypervisorOptions {
  child: LibvirtChild;
  /** How domains are written, apart from each guest's own parts. */
  domain: Omit<DomainOptions, 'virtType' | 'nicSources'>;
  virtType: () => Promise<'kvm' | 'qemu'>;
  /** Of the file system with the guests' disks. */
  diskGib: () => Promise<number>;
  /** The host's name of a function's network interface, null where it has none. */
  ifnameOf?: (address: PciAddress) => Promise<string | null>;
  limits?: Partial<PowerLimits & DetachLimits>;
  moves?: MoveLimits;
}

export class LibvirtHypervisor implements Hypervisor {
  readonly #options: LibvirtHypervisorOptions;
  readonly #child: LibvirtChild;
  readonly #domains: Domains;
  readonly #power: GuestPower;
  readonly #nics: NicChanges;
  /** Guests that are sent while they run. */
  readonly migrations: Migrations;
  readonly #networks: PortNetworks | undefined;
  readonly #changes: GuestChanges;
  readonly #queue = new KeyedQueue();

  constructor(options: LibvirtHypervisorOptions) {
    const { child, domain, limits = {} } = options;
    this.#options = options;
    this.#child = child;
    this.#domains = new Domains(child);
    this.#power = new GuestPower(child, this.#domains, limits);
    const moves = options.moves ?? { compression: 'zstd', maxUnplugS: usualUnplugS };
    const { maxUnplugS } = moves;
    this.#nics = new NicChanges(child, this.#domains, { ...limits, leaveMs: maxUnplugS * 1_000 });
    this.migrations = new Migrations(child, this.#domains, moves);
    this.#networks = domain.networkXml === true ? new PortNetworks(child) : undefined;
    this.#changes = new GuestChanges(child, this.#domains);
  }

  async facts(): Promise<HypervisorFacts> {
    const host = await this.#child.call('hostFacts', [], 'read the facts of the host');
    return hypervisorFacts(host, await this.#options.diskGib());
  }

  async listGuests(): Promise<FoundGuest[]> {
    const ours = (await this.#domains.list()).filter(({ metadata }) => metadata !== undefined);
    for (const { id } of ours) this.#changes.remember(id);
    return ours.map(foundGuest);
  }

  async define(guest: Guest, nicSources: Record<string, string>): Promise<void> {
    if ((await this.#domains.find(guest.id))?.isActive === true) return;
    const host = await this.#host(nicSources);
    const xml = domainXml(guest, host);
    this.#changes.remember(guest.id);
    await this.#withNetworks(async (networks) => {
      await networks?.ensure(guest.nics, nicSources);
      await this.#child.call('defineDomain', [xml], `define guest ${guest.name}`);
    });
  }

  async start(guestId: string): Promise<void> {
    const domain = await this.#domains.known(guestId);
    if (domain.isActive) return;
    await this.#withFreeDevices(domain, domain.held, async () => {
      await this.#networks?.startFor(domain);
      await this.#power.start(domain);
    });
  }

  destroy(guestId: string): Promise<void> {
    return this.#power.destroy(guestId);
  }

  async undefine(guestId: string): Promise<void> {
    const domain = await this.#domains.find(guestId);
    if (domain?.isActive === true) {
      throw new ComputeError('conflict', `guest ${domain.name}: still running`);
    }
    try {
      const act = `undefine guest ${domain?.name ?? guestId}`;
      if (domain !== undefined) {
        await this.#child.call('undefineDomain', [guestId, undefineFlags], act);
      }
    } catch (error) {
      if (!hasCode(error, 'noDomain')) throw error;
    }
    await this.#removeUnusedNetworks();
  }

  shutDown(guestId: string): Promise<void> {
    return this.#power.shutDown(guestId);
  }

  setPassword(guestId: string, user: { name: string; password: string }): Promise<void> {
    return this.#power.setPassword(guestId, user);
  }

  injectNmi(guestId: string): Promise<void> {
    return this.#power.injectNmi(guestId);
  }

  counters(guestId: string): Promise<GuestCounters> {
    return this.#power.counters(guestId);
  }

  reboot(guestId: string): Promise<void> {
    return this.#power.reboot(guestId);
  }

  pause(guestId: string): Promise<void> {
    return this.#power.pause(guestId);
  }

  unpause(guestId: string): Promise<void> {
    return this.#power.unpause(guestId);
  }

  save(guestId: string): Promise<void> {
    return this.#power.save(guestId);
  }

  async restore(guestId: string): Promise<void> {
    const domain = await this.#domains.known(guestId);
    const macvtaps = domain.isActive
      ? []
      : domain.held.filter(({ through }) => through === 'macvtap');
    await this.#withFreeDevices(domain, macvtaps, async () => {
      await this.#networks?.startFor(domain);
      await this.#power.restore(domain);
    });
  }

  async attachNic(
    guestId: string,
    nic: GuestNic,
    nicSources: Record<string, string>,
  ): Promise<void> {
    const domain = await this.#domains.known(guestId);
    const host = await this.#host(nicSources);
    const held = heldByNic(nic);
    const ifname = held === undefined ? null : (nicSources[held.address] ?? null);
    const isAttached = domain.isActive && deviceOfNic(domain.devices, nic, ifname) !== undefined;
    const wanted = held === undefined || !domain.isActive || isAttached ? [] : [held];
    const sources = { ...domain, nicSources };
    await this.#withFreeDevices(sources, wanted, () =>
      this.#withNetworks(async (networks) => {
        if (!isAttached) await networks?.ensure([nic], nicSources);
        await this.#nics.attach(domain, nic, host);
      }),
    );
  }

  async detachNic(guestId: string, nic: GuestNic, how: DetachHow = { keep: false }): Promise<void> {
    const domain = await this.#domains.find(guestId);
    if (domain === undefined) return;
    const { ifnameOf = () => Promise.resolve(null) } = this.#options;
    const ifname = nic.kind === 'macvtap' ? await ifnameOf(nic.address) : null;
    await this.#nics.detach(domain, nic, { ...how, ifname });
    if (!how.keep) await this.#removeUnusedNetworks();
  }

  async domainXml(guestId: string): Promise<string | undefined> {
    try {
      return await this.#child.call('definedXml', [guestId], `read guest ${guestId}`);
    } catch (error) {
      if (hasCode(error, 'noDomain')) return undefined;
      throw error;
    }
  }

  watch(listener: (change: HypervisorChange) => void): () => void {
    return this.#changes.watch(listener);
  }

  close(): Promise<void> {
    this.#changes.clear();
    return this.#child.close();
  }

  async #host(nicSources: Record<string, string>): Promise<DomainOptions> {
    return { ...this.#options.domain, virtType: await this.#options.virtType(), nicSources };
  }

  /**
   * No other act here checks or takes these devices until `work` is done. Throws `conflict` when
   * one is in use.
   */
  async #withFreeDevices(
    domain: Pick<DomainView, 'id' | 'nicSources'>,
    held: readonly HeldDevice[],
    work: () => Promise<void>,
  ): Promise<void> {
    const { ifnameOf = () => Promise.resolve(null) } = this.#options;
    const keys = held.map(({ address }) => address);
    await this.#queue.run(keys, async () => {
      if (held.length > 0) {
        const wanted = await wantedDevices(held, domain.nicSources, ifnameOf);
        refuseDevicesInUse(wanted, await this.#domains.list(), domain.id);
      }
      await work();
    });
  }

  /** Keeps a network made for a domain from being removed as unused before the domain names it. */
  #withNetworks(work: (networks: PortNetworks | undefined) => Promise<void>): Promise<void> {
    const networks = this.#networks;
    return networks === undefined
      ? work(undefined)
      : this.#queue.run('networks', () => work(networks));
  }

  #removeUnusedNetworks(): Promise<void> {
    return this.#withNetworks(
      async (networks) => await networks?.removeUnused(await this.#domains.list()),
    );
  }
}
