/** The demo's output: sections for people, one document for programs. */
import { whyLines } from '#cli/servers/explain-text.ts';
import type { HostView } from '#client/shapes/hosts.ts';
import type { PoolView } from '#client/shapes/pci.ts';
import { shortType } from '#cli/pci/pci-devices.ts';
import { bold, tableLines } from '#cli/terminal/table.ts';
import { pageUrl } from '../up/page-place.ts';
import type { CheckResult } from './checks.ts';
import type { PortView } from '#client/networks.ts';
import type { Story } from './story.ts';

interface Style {
  bold?: boolean;
}

/**
 * The sections: host and reason, devices, bindings, one NIC of the domain XML, pools that changed.
 * At most 80 columns wide.
 */
export function reportLines(story: Story, style: Style): string[] {
  const host = story.server['OS-EXT-SRV-ATTR:host'] ?? 'no host';
  const sections: [string, string[]][] = [
    ['What the hosts had, and what web needs', [...hostLines(story, style), ...requestHint]],
    [
      `Why ${host}`,
      [...story.explanation.decisions.flatMap((one) => whyLines(one, style)), ...whyHint],
    ],
    ['The VFs it got', deviceLines(story, style)],
    ["The ports' bindings", story.ports.flatMap(bindingLines)],
    ['One NIC as libvirt gets it', firstNicLines(story.explanation.domain_xml ?? '')],
    ['The pools that changed', poolChangeLines(story, style)],
  ];
  return sections.flatMap(([title, lines]) => [
    '',
    style.bold === true ? bold(title) : title,
    ...lines.map((line) => `  ${withShortIds(line)}`),
  ]);
}

const requestHint = [
  'web needs two VFs on physnet1: its direct port and its macvtap port need',
  'one each. Its plain NIC on network blue needs none.',
];

const whyHint = [
  'Filters refuse hosts that lack something; weighers rank the others. Each',
  'weigher gives 0 to 1, and the highest sum wins. cpu, ram and disk favour free',
  'room; pci favours few free devices: hosts with many stay free for others.',
];

function hostLines({ before }: Story, style: Style): string[] {
  const networks = [...new Set(before.pools.flatMap((pool) => pool.physical_network ?? []))].sort();
  const freeVfs = (host: string, network: string): number =>
    before.pools
      .filter((pool) => pool.dev_type === 'type-VF' && pool.host === host)
      .filter((pool) => pool.physical_network === network)
      .reduce((sum, { count }) => sum + count, 0);
  return tableLines<HostView>(
    [
      { title: 'HOST', value: ({ name }) => name },
      { title: 'VCPUS', value: ({ vcpus }) => String(vcpus), align: 'right' },
      { title: 'GIB', value: (host) => String(host.memory_mb / 1024), align: 'right' },
      ...networks.map((network) => ({
        title: `VFS ON ${network.toUpperCase()}`,
        value: ({ name }: HostView) => String(freeVfs(name, network)),
        align: 'right' as const,
      })),
    ],
    before.hosts,
    style,
  );
}

/**
 * UUIDs by their first eight digits. Example: `request 30e237c4-bea2-406a-8cf7-cca957a57811` →
 * `request 30e237c4…`.
 */
export function withShortIds(text: string): string {
  return text.replaceAll(
    /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
    '$1…',
  );
}

/** The first `<interface>` of the document, from its left edge. */
function firstNicLines(xml: string): string[] {
  const lines = xml.split('\n');
  const start = lines.findIndex((line) => line.trimStart().startsWith('<interface'));
  if (start < 0) return ['none'];
  const indent = (lines[start] ?? '').search(/\S/);
  const length = lines.slice(start).findIndex((line) => line.includes('</interface>')) + 1;
  // Half the indentation: the line of the address is 80 columns wide then.
  return lines
    .slice(start, start + length)
    .map((line) => line.slice(indent).replace(/^ +/, (blanks) => ' '.repeat(blanks.length / 2)));
}

/**
 * The document of `--json`. Pools and devices as the operator API returns them; `why` are the
 * scheduler's decisions.
 */
export function reportDocument(story: Story): Record<string, unknown> {
  return {
    server: story.server,
    host: story.server['OS-EXT-SRV-ATTR:host'],
    why: story.explanation.decisions,
    devices: story.explanation.devices,
    ports: story.ports,
    domain_xml: story.explanation.domain_xml,
    pools_before: story.before.pools,
    pools_after: story.after.pools,
  };
}

/** A line per claim with its verdict, and what was found where it does not hold. */
export function checklistLines(results: readonly CheckResult[]): string[] {
  return results.flatMap(({ claim, faults }) => [
    `  ${faults.length === 0 ? 'ok    ' : 'FAILED'}  ${claim}`,
    ...faults.map((fault) => `            ${fault}`),
  ]);
}

function deviceLines({ explanation }: Story, style: Style): string[] {
  const nicOf = (requestId: string | null) =>
    explanation.nics.find((nic) => nic.pci_request_id === requestId);
  return tableLines(
    [
      { title: 'DEVICE', value: (device) => device.address },
      { title: 'PF', value: (device) => device.parent_addr ?? '' },
      { title: 'NETWORK', value: (device) => device.physical_network ?? '' },
      { title: 'NIC', value: (device) => nicOf(device.request_id)?.vnic_type ?? '' },
      { title: 'PCI REQUEST', value: (device) => device.request_id ?? '' },
    ],
    explanation.devices,
    style,
  );
}

function bindingLines(port: PortView): string[] {
  const profile = port['binding:profile'];
  const { vlan } = (port['binding:vif_details'] ?? {}) as { vlan?: string };
  return [
    `${port.name}: ${port['binding:vif_type']} on ${port['binding:host_id'] ?? 'no host'}, ${port.mac_address}`,
    `  VF ${String(profile['pci_slot'])} on ${String(profile['physical_network'])}, VLAN ${vlan ?? 'none'}`,
  ];
}

function poolChangeLines({ before, after }: Story, style: Style): string[] {
  const key = (pool: PoolView) => JSON.stringify({ ...pool, count: 0 });
  const counts = new Map(after.pools.map((pool) => [key(pool), pool.count]));
  const countAfter = (pool: PoolView) => counts.get(key(pool)) ?? 0;
  const changed = before.pools.filter((pool) => countAfter(pool) !== pool.count);
  const rows = tableLines(
    [
      { title: 'HOST', value: (pool) => pool.host },
      { title: 'NETWORK', value: (pool) => pool.physical_network ?? '' },
      { title: 'TYPE', value: (pool) => shortType(pool.dev_type) },
      { title: 'PF', value: (pool) => pool.address },
      { title: 'FREE BEFORE', value: (pool) => String(pool.count), align: 'right' },
      { title: 'AFTER', value: (pool) => String(countAfter(pool)), align: 'right' },
    ],
    changed,
    style,
  );
  return [
    ...rows,
    ...(changed.some(({ dev_type: type }) => type === 'type-PF')
      ? ['A PF cannot be allocated while one of its VFs is in use.']
      : []),
    `${before.pools.length - changed.length} other pools are as before.`,
  ];
}

/** How to continue with the running demo. `cloud` is what the start of the all-in-one returned. */
export function farewellLines(cloud: {
  urls: Record<'compute' | 'identity' | 'network' | 'image', string>;
  cloudsYaml: string;
  newPassword?: string;
}): string[] {
  const { urls, newPassword = 'as in clouds.yaml' } = cloud;
  return [
    '',
    'Novella stays up. Its hosts and VFs in a browser, live:',
    `  ${pageUrl(urls.compute)}  (user admin, password ${newPassword})`,
    'What next? From another terminal:',
    `  export OS_CLIENT_CONFIG_FILE=${cloud.cloudsYaml}`,
    '  export OS_CLOUD=novella',
    '  openstack server list',
    '  openstack port show red-direct',
    '  npx novella status',
    '  npx novella explain web --xml     # with the full domain XML',
    '  openstack server delete web       # and "npx novella pci pools" is as before',
    `The compute API is at ${urls.compute}.`,
    'More to try: docs/sriov-ports.md.',
    'Ctrl-C ends it and removes its state.',
  ];
}
