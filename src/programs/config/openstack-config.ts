/**
 * The section `openstack`: the Keystone, Neutron and Glance that Novella uses instead of its own,
 * and the user for them.
 */
import { resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import {
  type CloudKey,
  type CloudSource,
  endpointInterfaces,
  toCredentials,
} from '#client/cloud/cloud-credentials.ts';
import { type Surroundings, cloudSettings, variableSettings } from '#client/cloud/clouds-yaml.ts';
import { readAuthorities } from '#client/session/trust.ts';
import { ComputeError } from '#core/errors.ts';
import type { OpenStackOptions } from '#integrations/openstack/connect.ts';
import type { Place } from './config-file.ts';
import { key } from './described-key.ts';
import { readTextFile } from './text-file.ts';

const Text = Type.String({ minLength: 1 });
const Url = Type.String({ pattern: '^https?://' });

/** As Nova's `vif_plugging_timeout`. */
const plugTimeoutSeconds = 300;

/** Keys as in clouds.yaml where it has an equivalent. */
export const OpenStackSection = Type.Object(
  {
    cloud: key(Text, 'cloud of a clouds.yaml that provides these values', { unset: 'none' }),
    from: key(
      Type.Literal('environment'),
      'read them from the environment, for example in a container',
      { unset: 'not read' },
    ),
    auth_url: key(Url, 'the Keystone', { unset: 'required, unless `cloud` or `from` provides it' }),
    username: key(Text, 'the service user', { unset: 'none; then set an application credential' }),
    password: key(Text, 'its password', { unset: '`password_file`' }),
    password_file: key(Text, 'file that contains only the password', { unset: '`password`' }),
    application_credential_id: key(Text, 'replaces user, password and project', {
      unset: 'none',
    }),
    application_credential_secret: key(Text, 'its secret', { unset: 'none' }),
    project_name: key(Text, 'the service user’s project', { default: 'service' }),
    user_domain_name: key(Text, 'domain of the user', { default: 'Default' }),
    project_domain_name: key(Text, 'domain of the project', { default: 'Default' }),
    region: key(Text, 'region of the catalog’s endpoints', {
      unset: 'the first endpoint of any region',
    }),
    interface: key(Type.Enum([...endpointInterfaces]), 'interface of the catalog’s endpoints', {
      unset: 'internal; if there is none, public',
    }),
    ca_file: key(Text, 'PEM file of the authorities to trust for https', {
      unset: "Node's authorities",
    }),
    timeout: key(Type.Integer({ minimum: 1, maximum: 600 }), 'longest silence of a service', {
      unit: 's',
      default: 30,
    }),
    connections: key(
      Type.Integer({ minimum: 1, maximum: 256 }),
      'concurrent calls to each service; others wait',
      { default: 8 },
    ),
    token_cache_time: key(
      Type.Integer({ minimum: 0, maximum: 300 }),
      'how long a validated user token is cached',
      { unit: 's', default: 60 },
    ),
    network_url: key(Url, 'the network service', { unset: "the catalog's" }),
    image_url: key(Url, 'the image service', { unset: "the catalog's" }),
    plug_timeout: key(
      Type.Number({ minimum: 0 }),
      'time limit for wiring a port; 0: servers do not wait',
      { unit: 's', default: plugTimeoutSeconds },
    ),
  },
  { additionalProperties: false },
);

type Section = Static<typeof OpenStackSection>;

export interface OpenStackConfig extends Omit<OpenStackOptions, 'clock'> {
  plugTimeoutMs: number;
}

/**
 * Keys of the section take precedence over the cloud it names, or the environment where it requests
 * that. The named files are read. Throws `invalid` naming place, key and rule.
 */
export function toOpenStackConfig(
  section: Section,
  place: Place,
  surroundings: Surroundings,
): OpenStackConfig {
  const source = cloudSource(section, place, surroundings);
  const where = place(['openstack']);
  const own = ownSettings(section, where);
  const {
    authUrl,
    region,
    interface: which,
    caFile,
    ...user
  } = toCredentials({
    where: source === undefined ? where : `${where}, with ${source.where}`,
    values: { project_name: 'service', ...source?.values, ...own },
  });
  return {
    authUrl,
    user,
    region,
    interface: which,
    ca: caFile === undefined ? undefined : readAuthorities(resolve(caFile)),
    networkUrl: section.network_url,
    imageUrl: section.image_url,
    plugTimeoutMs: (section.plug_timeout ?? plugTimeoutSeconds) * 1_000,
    timeoutMs: inMs(section.timeout),
    connections: section.connections,
    tokenCacheMs: inMs(section.token_cache_time),
  };
}

/**
 * The environment is used only where the section requests it: otherwise a shell set up for a
 * production cloud would change the meaning of a complete file.
 */
function cloudSource(
  { cloud, from, auth_url: authUrl }: Section,
  place: Place,
  surroundings: Surroundings,
): CloudSource | undefined {
  const { variables } = surroundings;
  if (cloud !== undefined && from !== undefined) {
    throw new ComputeError(
      'invalid',
      `${place(['openstack', 'from'])}: is not allowed together with cloud`,
    );
  }
  if (cloud === undefined && from === undefined && authUrl === undefined) {
    throw new ComputeError(
      'invalid',
      `${place(['openstack'])}: must have cloud (of a clouds.yaml), auth_url, or from: environment (the OS_* variables)`,
    );
  }
  const name = cloud ?? (from && (variables['OS_CLOUD'] || undefined));
  if (name === undefined) return from && variableSettings(variables);
  try {
    return cloudSettings(surroundings, { name });
  } catch (cause) {
    if (!(cause instanceof ComputeError)) throw cause;
    const where = place(['openstack', cloud === undefined ? 'from' : 'cloud']);
    throw new ComputeError('invalid', `${where}: ${cause.message}`, { cause });
  }
}

function ownSettings(section: Section, where: string): CloudSource['values'] {
  const { password, password_file: file } = section;
  if (password !== undefined && file !== undefined) {
    throw new ComputeError('invalid', `${where}: must have either password or password_file`);
  }
  const settings: Partial<Record<CloudKey, string | undefined>> = {
    auth_url: section.auth_url,
    username: section.username,
    // A file's last newline is not part of the password.
    password: password ?? (file && readTextFile(resolve(file)).replace(/\r?\n$/, '')),
    application_credential_id: section.application_credential_id,
    application_credential_secret: section.application_credential_secret,
    project_name: section.project_name,
    user_domain_name: section.user_domain_name,
    project_domain_name: section.project_domain_name,
    region_name: section.region,
    interface: section.interface,
    cacert: section.ca_file,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}
