/**
 * Attaches and detaches NICs: in the running domain and in its definition, each checked before it
 * is changed.
 */
import type { DetachHow } from '#contracts/host/hypervisor.ts';
import { type GuestNic, standbyOf } from '#core/guests/description/guest.ts';
import { notReleased, usualUnplugS } from '#core/guests/moves/unplug-limit.ts';
import type { DomainEvent } from '../child/child-messages.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import { type DomainDevice, deviceOfNic, domainDevices } from './domain-devices.ts';
import {
  metadataNamespace,
  metadataPrefix,
  type PortRecord,
  portRecord,
  replacementMetadataXml,
} from '../xml/domain-metadata.ts';
import type { DomainView } from './domain-view.ts';
import type { Domains } from './domains.ts';
import { nicXml, standbyXml } from '../xml/interface-xml.ts';
import type { HostNames } from '../xml/interface-xml.ts';
import { hasCode } from '../connection/libvirt-error.ts';
import { affect } from '../xml/libvirt-numbers.ts';
import { printXml } from '../xml/xml.ts';

/** Milliseconds. */
export interface DetachLimits {
  /**
   * How long the guest's system may take to release a device. Source: Nova `device_detach_attempts`
   * times `…_timeout`.
   */
  detachMs: number;
  /** The same, where the guest moves live next. */
  leaveMs: number;
  /** Between one request and the next. */
  detachAskEveryMs: number;
}

const standardLimits: DetachLimits = {
  detachMs: 160_000,
  leaveMs: usualUnplugS * 1_000,
  detachAskEveryMs: 20_000,
};
/**
 * libvirt reports a removed device before its XML lacks it; if the event was missed, the XML
 * counts. Milliseconds.
 */
const eventGraceMs = 3_000;

export class NicChanges {
  readonly #child: LibvirtChild;
  readonly #domains: Domains;
  readonly #limits: DetachLimits;

  constructor(child: LibvirtChild, domains: Domains, limits: Partial<DetachLimits>) {
    this.#child = child;
    this.#domains = domains;
    const {
      detachMs = standardLimits.detachMs,
      leaveMs = standardLimits.leaveMs,
      detachAskEveryMs = standardLimits.detachAskEveryMs,
    } = limits;
    this.#limits = { detachMs, leaveMs, detachAskEveryMs };
  }

  async attach(domain: DomainView, nic: GuestNic, host: HostNames): Promise<void> {
    const { id, name } = domain;
    const act = `attach port ${nic.portId} to guest ${name}`;
    const standby = standbyOf(nic);
    const parts = [
      ...(standby === undefined ? [] : [{ nic: standby, xml: standbyXml(standby, host) }]),
      { nic, xml: nicXml(nic, host) },
    ];
    // First: from here on the device counts as the guest's, even if a later step fails.
    await this.#record(domain, (ports) => [...without(ports, nic), portRecord(nic)]);
    const ifname = 'address' in nic ? (host.nicSources[nic.address] ?? null) : null;
    const add = async (devices: DomainDevice[], flags: number): Promise<void> => {
      for (const part of parts) {
        if (deviceOfNic(devices, part.nic, ifname) !== undefined) continue;
        await this.#child.call('attachDevice', [id, printXml(part.xml), flags], act);
      }
    };
    if (domain.isActive) await add(domain.devices, affect.live);
    await add(await this.#definedDevices(id), affect.config);
  }

  /**
   * `ifname`: the interface of a macvtap NIC's VF. `keep`: its standby stays in the running guest.
   */
  async detach(
    domain: DomainView,
    nic: GuestNic,
    { keep, isLeaving = false, ifname }: DetachHow & { ifname: string | null },
  ): Promise<void> {
    const limitMs = isLeaving ? this.#limits.leaveMs : this.#limits.detachMs;
    if (domain.isActive) await this.#detachLive(domain, nic, { ifname, limitMs });
    if (keep) return;
    const standby = standbyOf(nic);
    if (domain.isActive && standby !== undefined) {
      await this.#detachLive(domain, standby, { ifname: null, limitMs });
    }
    for (const part of [nic, ...(standby === undefined ? [] : [standby])]) {
      const device = deviceOfNic(await this.#definedDevices(domain.id), part, ifname);
      if (device !== undefined) await this.#ask(domain, nic, device, affect.config);
    }
    await this.#record(domain, (ports) => without(ports, nic));
  }

  /**
   * The guest has released the device when libvirt has reported it and its XML no longer has the
   * device.
   */
  async #detachLive(
    domain: DomainView,
    nic: GuestNic,
    { ifname, limitMs }: { ifname: string | null; limitMs: number },
  ): Promise<void> {
    const device = deviceOfNic(domain.devices, nic, ifname);
    if (device === undefined) return;
    let nextAsk = 0;
    let goneSince: number | undefined;
    const isOff = async (events: readonly DomainEvent[]): Promise<boolean> => {
      const now = await this.#domains.find(domain.id);
      if (now === undefined || !now.isActive) return true;
      const left = deviceOfNic(now.devices, nic, ifname);
      if (left === undefined) {
        goneSince ??= performance.now();
        return wasRemoved(events, device.alias) || performance.now() - goneSince > eventGraceMs;
      }
      const refused = events.at(-1)?.what === 'device-stayed';
      if (performance.now() < nextAsk && !refused) return false;
      nextAsk = performance.now() + this.#limits.detachAskEveryMs;
      await this.#ask(domain, nic, left, affect.live);
      return false;
    };
    if (await this.#domains.waitUntil(domain.id, isOff, limitMs)) return;
    throw notReleased(domain.name, `the device of port ${nic.portId}`, limitMs / 1_000);
  }

  async #ask(
    { id, name }: DomainView,
    nic: GuestNic,
    { text }: DomainDevice,
    flags: number,
  ): Promise<void> {
    const act = `detach port ${nic.portId} from guest ${name}`;
    try {
      await this.#child.call('detachDevice', [id, text, flags], act);
    } catch (error) {
      const isHarmless = hasCode(error, 'deviceMissing', 'noDomain', 'operationFailed');
      // A second request fails with "already in the process of unplug"; the next check shows
      // whether the detach worked.
      if (!isHarmless || (flags === affect.config && !hasCode(error, 'deviceMissing'))) throw error;
    }
  }

  async #definedDevices(id: string): Promise<DomainDevice[]> {
    return domainDevices(await this.#child.call('definedXml', [id], `read guest ${id}`));
  }

  async #record(
    { id, name, isActive, metadata }: DomainView,
    change: (ports: PortRecord[]) => PortRecord[],
  ): Promise<void> {
    if (metadata === undefined) return;
    const ports = change(metadata.ports);
    if (JSON.stringify(ports) === JSON.stringify(metadata.ports)) return;
    const element = {
      xml: printXml(replacementMetadataXml({ ...metadata, ports })),
      key: metadataPrefix,
      uri: metadataNamespace,
    };
    const flags = affect.config | (isActive ? affect.live : 0);
    await this.#child.call('setMetadata', [id, element, flags], `note the ports of guest ${name}`);
  }
}

function without(ports: readonly PortRecord[], nic: GuestNic): PortRecord[] {
  return ports.filter(({ portId }) => portId !== nic.portId);
}

function wasRemoved(events: readonly DomainEvent[], alias: string | null): boolean {
  return events.some((event) => event.what === 'device-removed' && event.alias === alias);
}
