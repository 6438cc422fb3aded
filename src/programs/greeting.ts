/** What a person needs to know of a cloud that is up. */
import { relative } from 'node:path';
import type { AllInOne } from './up.ts';

type Started = Pick<AllInOne, 'urls' | 'cloudsYaml' | 'survey' | 'newPassword'>;

/**
 * The lines on the screen. `from`: the folder that paths are told from. A new password is told at a terminal only: what a journal keeps,
 * others may read for years.
 */
export function greeting(
  cloud: Started,
  { from, isTerminal }: { from: string; isTerminal: boolean },
): string[] {
  const last = 'Ctrl-C stops it; the next start goes on where it was.';
  return cloud.survey === undefined
    ? [...ofOwnServices(cloud, { from, isTerminal }), '', last]
    : [...ofRealServices(cloud), '', last];
}

function ofOwnServices(
  { urls, cloudsYaml, newPassword }: Started,
  { from, isTerminal }: { from: string; isTerminal: boolean },
): string[] {
  const first =
    newPassword === undefined || !isTerminal
      ? []
      : [
          `The password of admin was made: ${newPassword}`,
          '  It is not shown again. The clouds.yaml below has it, which only you can read.',
          '',
        ];
  return [
    'Novella is up.',
    `  compute ${urls.compute}  identity ${urls.identity}`,
    `  network ${urls.network}  image ${urls.image}`,
    '',
    ...first,
    'Talk to it from another terminal:',
    `  export OS_CLIENT_CONFIG_FILE=${shortest(cloudsYaml, from)} OS_CLOUD=novella`,
    '  openstack flavor list',
    '  npx novella pci pools',
  ];
}

function ofRealServices(cloud: Started): string[] {
  const { protocol, port } = new URL(cloud.urls.compute);
  return [
    'Novella is up.',
    `  compute ${cloud.urls.compute}`,
    ...surveyLines(cloud),
    '',
    'Clients find it once it is in the catalog. As an administrator of the cloud:',
    `  npx novella keystone register --url ${protocol}//HOST:${port}/v2.1`,
  ];
}

/** What was found among the other services, and what is missing; nothing where all services are ours. */
export function surveyLines({ survey }: Pick<Started, 'survey'>): string[] {
  if (survey === undefined) return [];
  const { found, missing } = survey;
  return [
    ...found.map((what) => `  found ${what}`),
    ...missing.map((what) => `  MISSING ${what}`),
    ...(missing.length === 0 ? ['  nothing is missing'] : []),
  ];
}

/** A path as seen from there, when it is below. */
function shortest(path: string, from: string): string {
  const fromThere = relative(from, path);
  return fromThere.startsWith('..') ? path : fromThere;
}
