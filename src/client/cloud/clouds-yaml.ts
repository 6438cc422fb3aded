/**
 * Credentials and addresses of a cloud, from OS_* variables or a clouds.yaml, as the stock client
 * finds them. Reads and writes the file; sends no requests.
 */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PasswordLogin } from '#core/access/login.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { writeFileDurablySync } from '#runtime/atomic-file.ts';
import {
  authKeys,
  type CloudCredentials,
  type CloudKey,
  type CloudPlace,
  type CloudSource,
  placeKeys,
  toCredentials,
} from './cloud-credentials.ts';

/** What a program was started with: its variables, its folder, its user's home. */
export interface Surroundings {
  variables: Record<string, string | undefined>;
  workingFolder: string;
  home: string;
}

/**
 * The user's choice: the name of an entry of clouds.yaml, and values that override those of entry
 * and variables.
 */
export interface CloudChoice {
  name: string | undefined;
  values: CloudSource['values'];
}

/**
 * The credentials to use. `choice.name` (else OS_CLOUD) names an entry of the first clouds.yaml
 * found; without a name, OS_AUTH_URL and its like win, then the entry `novella`, then the only
 * entry. Of the variables OS_COMPUTE_ENDPOINT_OVERRIDE applies beside an entry too. `choice`
 * overrides all of them. Throws `invalid` naming what was tried and what to do. Source:
 * openstacksdk, "Configuring OpenStack SDK Applications".
 */
export function findCloud(
  surroundings: Surroundings,
  choice: CloudChoice = { name: undefined, values: {} },
): CloudCredentials {
  const { variables } = surroundings;
  const name = choice.name ?? (variables['OS_CLOUD'] || undefined);
  if (name === undefined && (choice.values.auth_url ?? variables['OS_AUTH_URL'])) {
    const { where, values } = variableSettings(variables);
    const missing = (key: CloudKey) =>
      `${key} is missing: set OS_${key.toUpperCase()} or ${optionOf(key)}`;
    const places = choice.values.auth_url === undefined ? where : `the --os-* options and ${where}`;
    return toCredentials({ where: places, values: { ...values, ...choice.values }, missing });
  }
  // Beside a started `novella up`, its own file too.
  const own = join(surroundings.workingFolder, '.novella');
  const advice =
    'OS_AUTH_URL is not set either. Run this next to a started "novella up", or set OS_CLIENT_CONFIG_FILE to the clouds.yaml it wrote.';
  const { values, ...place } = cloudSettings(surroundings, { name, alsoIn: [own], advice });
  const { compute_endpoint_override: url } = variableSettings(variables).values;
  return toCredentials({
    ...place,
    values: {
      ...(url !== undefined && { compute_endpoint_override: url }),
      ...values,
      ...choice.values,
    },
  });
}

/** Example: `auth_url` → `--os-auth-url`. */
function optionOf(key: CloudKey): string {
  return `--os-${key.replaceAll('_', '-')}`;
}

/** The values of the OS_* variables. Example: OS_REGION_NAME → `region_name`. */
export function variableSettings(variables: Surroundings['variables']): CloudSource {
  const settings = [...authKeys, ...placeKeys]
    .map((key) => [key, variables[`OS_${key.toUpperCase()}`]])
    .filter(([, value]) => value !== undefined && value !== '');
  return { where: 'the OS_* variables', values: Object.fromEntries(settings) };
}

/**
 * This cloud's entry in the first clouds.yaml found, with what a secure.yaml adds:
 * OS_CLIENT_CONFIG_FILE, the working folder (and `alsoIn`), ~/.config/openstack, /etc/openstack.
 * Without a name: `novella`, else the only entry. Throws `invalid`.
 */
export function cloudSettings(
  surroundings: Surroundings,
  options: { name?: string | undefined; alsoIn?: string[]; advice?: string },
): CloudSource {
  const { name, alsoIn = [], advice = 'Set OS_CLIENT_CONFIG_FILE to its path.' } = options;
  const { variables, workingFolder, home } = surroundings;
  const standard = [join(home, '.config', 'openstack'), '/etc/openstack'];
  const folders = [workingFolder, ...alsoIn, ...standard];
  const search = (file: string, variable: string): string[] =>
    [variables[variable] ?? '', ...folders.map((folder) => join(folder, file))].filter(
      (path) => path !== '',
    );
  const tried = search('clouds.yaml', 'OS_CLIENT_CONFIG_FILE');
  const path = tried.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const places = [...new Set(tried)].map(triedPlace).join(', ');
    throw new ComputeError('invalid', `no clouds.yaml is at ${places}. ${advice}`);
  }
  const secure = search('secure.yaml', 'OS_CLIENT_SECURE_FILE').find((file) => existsSync(file));
  const settings = entrySettings(path, { name, secure });
  const { values } = settings;
  const { cacert } = values;
  if (typeof cacert !== 'string') return settings;
  return { ...settings, values: { ...values, cacert: cacert.replace(/^~(?=\/)/, home) } };
}

/**
 * A path that was tried, with what hides it from this user. Example: `/root/clouds.yaml (EACCES)`.
 */
function triedPlace(path: string): string {
  try {
    statSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return `${path} (${code})`;
  }
  return path;
}

/**
 * One entry of a clouds.yaml; `name` undefined: `novella`, else the only one. Throws `invalid`,
 * listing the entries there are.
 */
export function readCloud(path: string, name?: string): CloudCredentials {
  return toCredentials(entrySettings(path, { name }));
}

function entrySettings(
  path: string,
  { name, secure }: { name?: string | undefined; secure?: string | undefined },
): CloudSource {
  const clouds = readEntries(path);
  const names = Object.keys(clouds);
  const wanted = name ?? (names.length === 1 ? names[0] : 'novella') ?? 'novella';
  const entry = clouds[wanted];
  if (entry === undefined) {
    const advice = name === undefined ? '. Choose one with OS_CLOUD or --os-cloud.' : '';
    throw new ComputeError(
      'invalid',
      `${path}: has no cloud "${wanted}"; it has ${names.join(', ') || 'none'}${advice}`,
    );
  }
  const secrets = secure === undefined ? undefined : readEntries(secure)[wanted];
  return {
    where: `${path}: cloud "${wanted}"`,
    missing: (key) =>
      `${path}: cloud "${wanted}": auth.${key} is missing: set it there or as ${optionOf(key)}`,
    values: { ...settingsIn(entry), ...settingsIn(secrets) },
  };
}

function settingsIn(entry: unknown): CloudSource['values'] {
  if (!isRecord(entry)) return {};
  const auth = isRecord(entry['auth']) ? entry['auth'] : {};
  const all = [
    ...authKeys.map((key) => [key, auth[key]]),
    ...placeKeys.map((key) => [key, entry[key]]),
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
}

function readEntries(path: string): Record<string, unknown> {
  const document = parseYaml(path);
  const clouds = isRecord(document) ? document['clouds'] : undefined;
  if (isRecord(clouds)) return clouds;
  throw new ComputeError('invalid', `${path}: must have a mapping named "clouds" at its top`);
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const why = errorText(cause);
    throw new ComputeError('invalid', `${path}: cannot be read as YAML: ${why}`, { cause });
  }
}

/**
 * Writes a clouds.yaml with these clouds by name, readable by its owner alone, for the stock client
 * and for `findCloud`. Makes the folder when it is not there.
 */
export function writeCloudsYaml(path: string, clouds: Record<string, WrittenCloud>): void {
  const entries = Object.entries(clouds).map(([name, cloud]) => [name, cloudEntry(cloud)]);
  mkdirSync(dirname(path), { recursive: true });
  writeFileDurablySync(path, stringify({ clouds: Object.fromEntries(entries) }));
}

/** A password login. */
export type WrittenCloud = Pick<CloudPlace, 'authUrl' | 'caFile'> & PasswordLogin;

function cloudEntry(cloud: WrittenCloud): object {
  const auth = {
    auth_url: cloud.authUrl,
    username: cloud.username,
    password: cloud.password,
    project_name: cloud.projectName,
    user_domain_name: cloud.userDomainName,
    project_domain_name: cloud.projectDomainName,
  };
  const cacert = cloud.caFile === undefined ? {} : { cacert: cloud.caFile };
  const place = { region_name: 'RegionOne', identity_api_version: 3, interface: 'public' };
  return { auth, ...place, ...cacert };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
