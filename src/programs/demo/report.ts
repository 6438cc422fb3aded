/** What the demo shows of its story: sections for people, one document for programs. */
import { whyLines } from '#cli/explain-text.ts';
import type { PoolView } from '#cli/operator-api.ts';
import { shortType } from '#cli/pci-devices.ts';
import { bold, tableLines } from '#cli/table.ts';
import type { CheckResult } from './checks.ts';
import type { PortView, Story } from './story.ts';

interface Style {
  bold?: boolean;
}

/** The sections: host and reason, devices, bindings, domain XML, pools before and after. */
export function reportLines(story: Story, style: Style): string[] {
  const host = story.server['OS-EXT-SRV-ATTR:host'] ?? 'no host';
  const sections: [string, string[]][] = [
    [`Why ${host}`, story.explanation.decisions.flatMap((one) => whyLines(one, style))],
    ['The VFs it got', deviceLines(story, style)],
    ["The ports' bindings", story.ports.flatMap(bindingLines)],
    ['The libvirt domain XML', (story.explanation.domain_xml ?? 'none').trimEnd().split('\n')],
    ['The pools, free devices before and after', poolChangeLines(story, style)],
  ];
  return sections.flatMap(([title, lines]) => [
    '',
    style.bold === true ? bold(title) : title,
    ...lines.map((line) => `  ${line}`),
  ]);
}

/** The document of `--json`. Pools and devices as the operator API gives them; `why` are the scheduler's decisions. */
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
  return [
    `${port.name}  ${port['binding:vif_type']} on ${port['binding:host_id'] ?? 'no host'}, ${port.mac_address}`,
    `  binding:profile      ${JSON.stringify(port['binding:profile'])}`,
    `  binding:vif_details  ${JSON.stringify(port['binding:vif_details'])}`,
  ];
}

function poolChangeLines({ before, after }: Story, style: Style): string[] {
  const key = (pool: PoolView) => JSON.stringify({ ...pool, count: 0 });
  const counts = new Map(after.pools.map((pool) => [key(pool), pool.count]));
  return tableLines(
    [
      { title: 'HOST', value: (pool) => pool.host },
      { title: 'NETWORK', value: (pool) => pool.physical_network ?? '' },
      { title: 'PRODUCT', value: (pool) => pool.product_id },
      { title: 'TYPE', value: (pool) => shortType(pool.dev_type) },
      { title: 'PF', value: (pool) => pool.address },
      { title: 'BEFORE', value: (pool) => String(pool.count), align: 'right' },
      { title: 'AFTER', value: (pool) => String(counts.get(key(pool)) ?? 0), align: 'right' },
    ],
    before.pools,
    style,
  );
}

/** How to go on with the running demo. `cloud` is what the all-in-one gave when it started. */
export function farewellLines(cloud: {
  urls: Record<'compute' | 'identity' | 'network' | 'image', string>;
  cloudsYaml: string;
}): string[] {
  const { urls } = cloud;
  return [
    '',
    'Novella stays up. Talk to it from another terminal:',
    '',
    `  export OS_CLIENT_CONFIG_FILE=${cloud.cloudsYaml} OS_CLOUD=novella`,
    '  openstack server list',
    '  openstack port show red-direct',
    '  npx novella pci pools',
    '  npx novella pci devices',
    '  npx novella explain web --xml',
    '',
    `  compute ${urls.compute}  identity ${urls.identity}`,
    `  network ${urls.network}  image ${urls.image}`,
    '',
    'Ctrl-C ends it and forgets its state.',
  ];
}
