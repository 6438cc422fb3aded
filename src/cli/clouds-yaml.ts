/**
 * Whose cloud, and where: credentials from OS_* variables or a clouds.yaml, as the stock client finds them.
 * Reads and writes the file; calls nobody.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ComputeError } from '#core/errors.ts';

/** A password login scoped to a project. Example authUrl: `http://127.0.0.1:5000/v3`. */
export interface CloudCredentials {
  authUrl: string;
  username: string;
  password: string;
  projectName: string;
  userDomainName: string;
  projectDomainName: string;
}

/** What a program was started with: its variables, its folder, its user's home. */
export interface Surroundings {
  variables: Record<string, string | undefined>;
  workingFolder: string;
  home: string;
}

/** The auth keys of clouds.yaml; OS_ and upper case makes the variable. The domains have a default, the rest must be there. */
const keys = {
  authUrl: 'auth_url',
  username: 'username',
  password: 'password',
  projectName: 'project_name',
  userDomainName: 'user_domain_name',
  projectDomainName: 'project_domain_name',
} as const;
const defaultDomain = 'Default';

/**
 * The credentials to use. `cloudName` (else OS_CLOUD) names an entry of the first clouds.yaml found; without a name,
 * OS_AUTH_URL and its like win, then the entry `novella`, then the only entry.
 * Throws `invalid` naming what was tried and what to do. Source: openstacksdk, "Configuring OpenStack SDK Applications".
 */
export function findCloud(surroundings: Surroundings, cloudName?: string): CloudCredentials {
  const { variables } = surroundings;
  const name = cloudName ?? (variables['OS_CLOUD'] || undefined);
  if (name === undefined && variables['OS_AUTH_URL']) {
    return credentialsFrom('the OS_* variables', (key) => variables[`OS_${key.toUpperCase()}`]);
  }
  const tried = searchPath(surroundings);
  const path = tried.find((candidate) => existsSync(candidate));
  if (path !== undefined) return readCloud(path, name);
  throw new ComputeError(
    'invalid',
    `no cloud to talk to: OS_AUTH_URL is not set, and no clouds.yaml is at ${tried.join(', ')}. ` +
      'Run this beside a started "novella up", or set OS_CLIENT_CONFIG_FILE to the clouds.yaml it wrote.',
  );
}

function searchPath({ variables, workingFolder, home }: Surroundings): string[] {
  return [
    variables['OS_CLIENT_CONFIG_FILE'] ?? '',
    join(workingFolder, 'clouds.yaml'),
    join(workingFolder, '.novella', 'clouds.yaml'),
    join(home, '.config', 'openstack', 'clouds.yaml'),
  ].filter((path) => path !== '');
}

/** One entry of a clouds.yaml; `name` undefined: `novella`, else the only one. Throws `invalid`, listing the entries there are. */
export function readCloud(path: string, name?: string): CloudCredentials {
  const clouds = readEntries(path);
  const names = Object.keys(clouds);
  const wanted = name ?? (names.length === 1 ? names[0] : 'novella') ?? 'novella';
  const entry = clouds[wanted];
  if (entry === undefined) {
    throw new ComputeError(
      'invalid',
      `${path}: has no cloud "${wanted}"; it has ${names.join(', ') || 'none'}. Choose one with OS_CLOUD or --os-cloud.`,
    );
  }
  const auth = isRecord(entry) && isRecord(entry['auth']) ? entry['auth'] : {};
  return credentialsFrom(`${path}: cloud "${wanted}"`, (key) => auth[key]);
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
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ComputeError('invalid', `${path}: cannot be read as YAML: ${why}`, { cause });
  }
}

function credentialsFrom(where: string, look: (key: string) => unknown): CloudCredentials {
  const text = (key: string, fallback?: string): string => {
    const value = look(key) ?? fallback;
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value !== '') return value;
    throw new ComputeError('invalid', `${where}: ${key} is missing; it must be a text`);
  };
  return {
    authUrl: text(keys.authUrl),
    username: text(keys.username),
    password: text(keys.password),
    projectName: text(keys.projectName),
    userDomainName: text(keys.userDomainName, defaultDomain),
    projectDomainName: text(keys.projectDomainName, defaultDomain),
  };
}

/**
 * Writes a clouds.yaml with these clouds by name, readable by its owner alone, for the stock client and for `findCloud`.
 * Makes the folder when it is not there.
 */
export function writeCloudsYaml(path: string, clouds: Record<string, CloudCredentials>): void {
  const entries = Object.entries(clouds).map(([name, cloud]) => [name, cloudEntry(cloud)]);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stringify({ clouds: Object.fromEntries(entries) }), { mode: 0o600 });
}

function cloudEntry(cloud: CloudCredentials): object {
  const auth = Object.fromEntries(
    Object.entries(keys).map(([field, key]) => [key, cloud[field as keyof CloudCredentials]]),
  );
  return { auth, region_name: 'RegionOne', identity_api_version: 3, interface: 'public' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
