/**
 * What a cloud and a sign-in there need, under the names of clouds.yaml and, with OS_ before them,
 * of the variables. Pure.
 */
import type { Login } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';

/** Which cloud, and which endpoints of its catalog. Example authUrl: `http://127.0.0.1:5000/v3`. */
export interface CloudPlace {
  authUrl: string;
  /** Left out: any. */
  region?: string | undefined;
  interface?: EndpointInterface | undefined;
  /** PEM file of the authorities to trust for https. */
  caFile?: string | undefined;
  /** Instead of the catalog's compute endpoint, as while that one leads to a Nova. */
  computeUrl?: string | undefined;
}

export const endpointInterfaces = ['internal', 'public', 'admin'] as const;
export type EndpointInterface = (typeof endpointInterfaces)[number];

export type CloudCredentials = CloudPlace & Login;

/** Keys below `auth` in a clouds.yaml. */
export const authKeys = [
  'auth_url',
  'username',
  'password',
  'project_name',
  'user_domain_name',
  'project_domain_name',
  'user_domain_id',
  'project_domain_id',
  'application_credential_id',
  'application_credential_secret',
] as const;
/** Keys beside `auth`. */
export const placeKeys = [
  'region_name',
  'interface',
  'cacert',
  'compute_endpoint_override',
] as const;

export type CloudKey = (typeof authKeys)[number] | (typeof placeKeys)[number];

/** What a user specified of a cloud: not checked, perhaps incomplete. */
export interface CloudSource {
  /** For messages. Example: `clouds.yaml: cloud "novella"`. */
  where: string;
  /** The message for a key that must be there, with what to do. Absent: only that it is missing. */
  missing?: (key: CloudKey) => string;
  values: Partial<Record<CloudKey, unknown>>;
}

const defaultDomain = 'Default';

/**
 * The values as credentials. Domains are `Default` unless given; the id `default` is that one's, as
 * `keystone-manage bootstrap` makes it. Throws `invalid` naming place, key, value and rule.
 */
export function toCredentials({ where, values, missing }: CloudSource): CloudCredentials {
  const refuse = (key: CloudKey, rule: string): ComputeError =>
    new ComputeError('invalid', `${where}: ${key} ${rule}`);
  const given = (key: CloudKey): string | undefined => {
    const value = values[key] ?? '';
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') throw refuse(key, 'must be text');
    return value === '' ? undefined : value;
  };
  const needed = (key: CloudKey): string => {
    const value = given(key);
    if (value !== undefined) return value;
    throw new ComputeError('invalid', missing?.(key) ?? `${where}: ${key} is missing`);
  };
  const domainName = (owner: 'user' | 'project'): string => {
    const id = given(`${owner}_domain_id`) ?? 'default';
    const name = given(`${owner}_domain_name`);
    if (name === undefined && id !== 'default') {
      throw refuse(`${owner}_domain_id`, `"${id}": set ${owner}_domain_name instead`);
    }
    return name ?? defaultDomain;
  };
  const login = (): Login => {
    if (given('application_credential_id') === undefined) {
      return {
        username: needed('username'),
        password: needed('password'),
        projectName: needed('project_name'),
        userDomainName: domainName('user'),
        projectDomainName: domainName('project'),
      };
    }
    if (given('password') !== undefined) {
      throw refuse('application_credential_id', 'is not allowed together with password');
    }
    return {
      applicationCredentialId: needed('application_credential_id'),
      applicationCredentialSecret: needed('application_credential_secret'),
    };
  };
  const authUrl = needed('auth_url');
  if (!/^https?:\/\//.test(authUrl)) {
    throw refuse('auth_url', `"${authUrl}": must begin with http:// or https://`);
  }
  // Older files say publicURL for public.
  const wanted = given('interface')?.replace(/URL$/, '');
  const found = endpointInterfaces.find((name) => name === wanted);
  if (wanted !== undefined && found === undefined) {
    throw refuse('interface', `"${wanted}": must be ${endpointInterfaces.join(' or ')}`);
  }
  const place = { authUrl, region: given('region_name'), interface: found };
  return {
    ...place,
    caFile: given('cacert'),
    computeUrl: given('compute_endpoint_override'),
    ...login(),
  };
}
