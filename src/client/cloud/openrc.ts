/**
 * An openrc file: a cloud's login as environment variables, for shells and for clients that read no
 * clouds.yaml.
 */
import { writeFileDurablySync } from '#runtime/atomic-file.ts';
import type { WrittenCloud } from './clouds-yaml.ts';

/** Writes the file, readable by its owner only. It is to be sourced: `. .novella/openrc`. */
export function writeOpenrc(path: string, cloud: WrittenCloud): void {
  writeFileDurablySync(path, openrcText(cloud));
}

/**
 * What `writeOpenrc` writes. Variables that would contradict it are unset. Source:
 * python-openstackclient, "Environment variables".
 */
export function openrcText(cloud: WrittenCloud): string {
  const variables = {
    OS_AUTH_TYPE: 'password',
    OS_AUTH_URL: cloud.authUrl,
    OS_USERNAME: cloud.username,
    OS_PASSWORD: cloud.password,
    OS_PROJECT_NAME: cloud.projectName,
    OS_USER_DOMAIN_NAME: cloud.userDomainName,
    OS_PROJECT_DOMAIN_NAME: cloud.projectDomainName,
    OS_REGION_NAME: 'RegionOne',
    OS_INTERFACE: 'public',
    OS_IDENTITY_API_VERSION: '3',
    ...(cloud.caFile !== undefined && { OS_CACERT: cloud.caFile }),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [`unset ${contradicting.join(' ')}`, ...lines, ''].join('\n');
}

const contradicting = [
  'OS_CLOUD',
  'OS_TOKEN',
  'OS_PROJECT_ID',
  'OS_USER_ID',
  'OS_APPLICATION_CREDENTIAL_ID',
  'OS_APPLICATION_CREDENTIAL_SECRET',
  'OS_SYSTEM_SCOPE',
  'OS_CACERT',
];

/** Quoted as one argument of a POSIX shell, with any content. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
