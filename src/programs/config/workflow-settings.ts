/** The part of the configuration that the workflows need. */
import { parseAliases } from '#core/pci/requests/alias.ts';
import type { WorkflowSettings } from '#workflows/engine/context.ts';
import type { HostLinksOptions } from '#workflows/hosts/host-links.ts';
import type { Config } from './config.ts';

/** Throws `invalid` naming the alias that cannot be read. */
export function workflowSettings(config: Config): WorkflowSettings {
  return {
    aliases: parseAliases(config.aliases),
    hostTimeoutMs: config.hostDownMs,
    hostLostMs: config.hostLostMs,
    bootAttempts: 3,
    resizesWithinHost: config.resizesWithinHost,
    // No agent wires ports of our own network service, which never reports their wiring.
    plugTimeoutMs: config.openstack?.plugTimeoutMs ?? 0,
    cardPreference: config.cardPreference,
    weights: config.weights,
    allocationRatios: config.allocationRatios,
  };
}

/** Of the links of hosts. */
export function linkSettings({
  hostDownMs,
  metrics,
}: Config): Pick<HostLinksOptions, 'hostTimeoutMs' | 'countsTraffic'> {
  return { hostTimeoutMs: hostDownMs, countsTraffic: (metrics?.vfs ?? 0) > 0 };
}
