/**
 * Options of a nova.conf without a counterpart in Novella's configuration, and why. Values are
 * omitted: some are secrets.
 */
import { excerpt } from '#core/quoted-text.ts';
import type { IniOption } from './ini.ts';
import type { NovaConf } from './nova-conf.ts';

/**
 * An option that is not imported. Example: line 3, `[DEFAULT] transport_url`, `Novella has no
 * message broker`.
 */
export interface UnsupportedOption {
  file: string;
  line: number;
  option: string;
  why: string;
}

const noPlacement = 'Novella has no Placement; the pools and sizes of hosts are its inventory';
const ownClients = 'how Novella reaches the other services is not in this file';
const noBroker = 'Novella has no message broker';
const ownStore = 'Novella keeps its state in state_dir';

const noWeigher = 'Novella has no such weigher; see docs/scheduling.md';

const whyBySection: Record<string, string> = {
  api_database: ownStore,
  database: ownStore,
  placement: noPlacement,
  placement_database: noPlacement,
  oslo_messaging_rabbit: noBroker,
  oslo_messaging_notifications: noBroker,
  cell0_database: ownStore,
  keystone: ownClients,
  keystone_authtoken: ownClients,
  service_user: ownClients,
  neutron: ownClients,
  glance: ownClients,
  cinder: 'Novella has no volumes',
  vnc: 'displays are configured by host.libvirt.vnc, their addresses by consoles.url',
  consoleauth: 'the lifetime of consoles’ tokens is consoles.token_ttl',
  console: 'pages of other hosts are allowed by consoles.allowed_origins',
  serial_console: 'every guest has a serial console; its address is configured by consoles.url',
  spice: 'Novella has no SPICE consoles',
  rdp: 'Novella has no RDP consoles',
  mks: 'Novella has no WebMKS consoles',
  libvirt: 'Novella chooses the libvirt settings itself',
};

const whyByKey: Record<string, string> = {
  transport_url: noBroker,
  report_in_placement: noPlacement,
  pci_in_placement: noPlacement,
  state_path: 'its files are Nova’s; Novella keeps its own in state_dir',
  policy_dirs: 'rules are read from policy_file alone',
  enforce_scope: 'Novella always has the new defaults of Nova, and no system scope',
  enforce_new_defaults: 'Novella always has the new defaults of Nova',
  my_ip: 'Novella’s agent reports its address',
  host: 'a host of Novella is named by its agent',
  cpu_allocation_ratio: '0 leaves it at the default',
  ram_allocation_ratio: '0 leaves it at the default',
  disk_allocation_ratio: '0 leaves it at the default',
};

/** Nova's filters whose condition a filter of Novella checks for every server. */
const coveredFilters = new Set([
  'AllHostsFilter',
  'AvailabilityZoneFilter',
  'ComputeFilter',
  'CoreFilter',
  'DiskFilter',
  'NUMATopologyFilter',
  'PciPassthroughFilter',
  'RamFilter',
  'RetryFilter',
]);

/** The options that are not in the fields of `conf`, in the order of the files. */
export function unsupportedOptions(conf: NovaConf): UnsupportedOption[] {
  return conf.options
    .filter((option) => !conf.taken.has(option))
    .map((option) => ({
      file: option.file,
      line: option.line,
      option: `[${excerpt(option.section)}] ${excerpt(option.key)}`,
      why: whyOf(option),
    }));
}

function whyOf({ section, key, value }: IniOption): string {
  if (key === 'enabled_filters') return aboutFilters(value);
  if (key.endsWith('_weight_multiplier')) return noWeigher;
  return whyByKey[key] ?? whyBySection[section.toLowerCase()] ?? 'Novella has no such option';
}

/**
 * Example: `IoOpsFilter` → `Novella applies all its filters always; it has none like IoOpsFilter`.
 */
function aboutFilters(value: string): string {
  const names = value.split(/[\s,]+/).filter((name) => name !== '');
  const absent = names.filter((name) => !coveredFilters.has(name));
  const always = 'Novella applies all its filters always';
  return absent.length === 0
    ? `${always}; each of these has an equivalent`
    : `${always}; it has no equivalent of ${absent.map(excerpt).join(', ')}`;
}
