/** Information for the user of a running cloud. */
import { dirname, join } from 'node:path';
import { wrap } from '#cli/terminal/wrap.ts';
import type { Contents } from './cloud-contents.ts';
import { pageUrl } from './page-place.ts';
import type { AllInOne } from './up.ts';

type Started = Pick<AllInOne, 'urls' | 'cloudsYaml' | 'contents' | 'survey' | 'newPassword'>;

/**
 * The lines on the screen. A new password is shown at a terminal only: a journal may keep it
 * readable for years.
 */
export function greeting(cloud: Started, { isTerminal }: { isTerminal: boolean }): string[] {
  return [
    ...titleLines(cloud),
    ...(cloud.survey === undefined ? ofOwnServices(cloud, isTerminal) : ofRealServices(cloud)),
    '',
    'Ctrl-C stops it; the next start continues where it was.',
  ];
}

/** A host that cannot run guests is reported first. */
function titleLines({ contents, survey }: Started): string[] {
  const { problems, usable, hosts, notes } = contents;
  const noteLines = notes.flatMap((note) => wrap(`Note: ${note}.`, ''));
  const isWhole = survey === undefined || survey.missing.length === 0;
  const title = isWhole ? 'Novella is up.' : 'Novella is up, but something is MISSING.';
  if (problems.length === 0) return [title, ...noteLines];
  const who = usable === 0 ? 'NO HOST CAN RUN SERVERS' : 'NOT ALL HOSTS CAN RUN ALL SERVERS';
  return [
    `Novella is up, but ${hosts.length === 0 ? 'there is no host' : who}:`,
    ...problems.flatMap((problem) => wrap(problem, '  ')),
    ...noteLines,
    'Run "npx novella doctor" to see what is missing and what to do about it.',
    '',
  ];
}

function ofOwnServices(cloud: Started, isTerminal: boolean): string[] {
  const { urls, cloudsYaml, contents, newPassword } = cloud;
  const password =
    newPassword === undefined || !isTerminal
      ? []
      : [
          `The password of admin was generated: ${newPassword}`,
          '  It is not shown again. clouds.yaml has it, which only you can read.',
          '',
        ];
  return [
    `  compute  ${urls.compute}`,
    `  identity ${urls.identity}`,
    `  network  ${urls.network}`,
    `  image    ${urls.image}`,
    `  page     ${pageUrl(urls.compute)}`,
    ...contentLines(contents),
    '',
    ...password,
    'Use it from another terminal:',
    `  export OS_CLIENT_CONFIG_FILE=${shellQuoted(cloudsYaml)}`,
    '  export OS_CLOUD=novella',
    `  (or: . ${shellQuoted(join(dirname(cloudsYaml), 'openrc'))})`,
    ...firstSteps(contents),
  ];
}

function firstSteps({ physicalNetworks, simulated, kept }: Contents): string[] {
  if (kept.networks > 0) {
    return [
      `It has ${counted(kept.networks, 'network')} and ${counted(kept.servers, 'server')}, kept from before:`,
      '  openstack network list',
      '  openstack server list --all-projects',
      '  npx novella status',
    ];
  }
  const [physicalNetwork] = physicalNetworks;
  if (physicalNetwork === undefined && !simulated) {
    return [
      'No host offers a physical network yet: name its bridges and PCI devices in the',
      'configuration (host.bridge_mappings, pci.device_spec). See docs/one-machine.md.',
    ];
  }
  return [
    'A server needs a network; a new cloud has none:',
    '  openstack network create --provider-network-type vlan \\',
    `    --provider-physical-network ${physicalNetwork ?? 'physnet1'} --provider-segment 42 red`,
    '  openstack subnet create --network red --subnet-range 10.42.0.0/24 red-v4',
    '  openstack port create --network red --vnic-type direct fast',
    '  openstack server create --flavor m1.small --image tiny --port fast --wait one',
    '  npx novella explain one',
  ];
}

function contentLines(contents: Contents): string[] {
  const { hosts, simulated, images, flavors, physicalNetworks } = contents;
  const kind = simulated ? 'simulated: no real guest runs' : 'real';
  return [
    `  hosts    ${hosts.length === 0 ? 'none yet; see docs/agents.md' : `${shortList(hosts)} (${kind})`}`,
    ...(physicalNetworks.length === 0 && hosts.length > 0
      ? ['  physnets none: no PCI device of a host is on a physical network']
      : row('physnets', physicalNetworks)),
    ...row('images', images),
    ...row('flavors', flavors),
  ];
}

function row(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`  ${title.padEnd(8)} ${shortList(names)}`];
}

/** Example: `1 network`, `2 networks`. */
function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const namesShown = 5;

/** Example: `host-1, host-2, host-3, host-4, host-5 and 95 more`. */
function shortList(names: readonly string[]): string {
  const more = names.length - namesShown;
  const shown = names.slice(0, namesShown).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function ofRealServices(cloud: Started): string[] {
  const { protocol, port } = new URL(cloud.urls.compute);
  return [
    `  compute ${cloud.urls.compute}`,
    ...surveyLines(cloud).flatMap((line) => wrap(line.trim(), '  ')),
    ...missingHint(cloud),
    '',
    'Clients find it once it is in the catalog. As an administrator of the cloud:',
    `  npx novella keystone register --url ${protocol}//HOST:${port}/v2.1`,
  ];
}

/** A service that is unavailable is no reason to restart. */
function missingHint({ survey }: Pick<Started, 'survey'>): string[] {
  if (survey === undefined || survey.missing.length === 0) return [];
  return [
    'Requests that need what is MISSING fail until it is there; then they work,',
    'without a restart. docs/openstack.md explains what to do about each.',
  ];
}

/**
 * What was found among the external services, and what is missing; empty where all services are
 * ours.
 */
export function surveyLines({ survey }: Pick<Started, 'survey'>): string[] {
  if (survey === undefined) return [];
  const { found, missing } = survey;
  return [
    ...found.map((what) => `  found ${what}`),
    ...missing.map((what) => `  MISSING ${what}`),
    ...(missing.length === 0 ? ['  nothing is missing'] : []),
  ];
}

/** Quoted only where a shell would interpret it otherwise. */
function shellQuoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
