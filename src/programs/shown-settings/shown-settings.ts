/**
 * The settings that administrators are shown: a list of what may be shown, so that a new key is not
 * by chance. No secret, no URL that may have one, no path of this machine.
 */
import type { Config } from '../config/config.ts';

/** `key`: as in novella.yaml. Example: `{ key: 'keep_history', value: '30 days' }`. */
export interface ShownSetting {
  key: string;
  value: string;
}

const dayMs = 86_400_000;

export function shownSettings(config: Config): ShownSetting[] {
  const { weights, allocationRatios: ratios, kept, aliases } = config;
  const seconds = (ms: number) => `${ms / 1_000} s`;
  const days = (ms: number) => `${ms / dayMs} days`;
  const values: Record<string, string | number | boolean> = {
    database: config.database === undefined ? 'novella.sqlite in state_dir' : 'PostgreSQL',
    openstack: config.openstack === undefined ? 'embedded services' : 'services of a cloud',
    listen: config.listen,
    tls: config.tls !== undefined,
    allow_clear_text: config.allowClearText,
    'ports.compute': config.ports.compute,
    'ports.hosts': config.ports.hosts,
    'consoles.token_ttl': seconds(config.consoles.tokenMs),
    'pci.alias': `${aliases.length} ${aliases.length === 1 ? 'alias' : 'aliases'}`,
    'allocation_ratio.vcpus': ratios.vcpus,
    'allocation_ratio.memory': ratios.memory,
    'allocation_ratio.disk': ratios.disk,
    keep_history: days(kept.historyMs),
    keep_deleted_servers: kept.serversMs === undefined ? 'for ever' : days(kept.serversMs),
    host_down_after: seconds(config.hostDownMs),
    host_lost_after: seconds(config.hostLostMs),
    host_certificate_days: days(config.hostCertificateMs),
    'scheduler.resize_to_same_host': config.resizesWithinHost,
    ...Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [`scheduler.weights.${name}`, weight]),
    ),
  };
  return Object.entries(values).map(([key, value]) => ({ key, value: textOf(value) }));
}

function textOf(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
