/** The section `openstack`: the Keystone, Neutron and Glance that Novella works with instead of its own. */
import { resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import type { OpenStackOptions } from '#integrations/openstack/connect.ts';
import { readAuthorities } from './authorities-file.ts';
import type { Place } from './config-file.ts';
import { readTextFile } from './text-file.ts';

const Text = Type.String({ minLength: 1 });
const Url = Type.String({ pattern: '^https?://' });

/** Keys as in clouds.yaml where there is one of the kind. */
export const OpenStackSection = Type.Object(
  {
    auth_url: Url,
    username: Text,
    password: Type.Optional(Text),
    password_file: Type.Optional(Text),
    project_name: Type.Optional(Text),
    user_domain_name: Type.Optional(Text),
    project_domain_name: Type.Optional(Text),
    region: Type.Optional(Text),
    interface: Type.Optional(Type.Enum(['internal', 'public', 'admin'])),
    ca_file: Type.Optional(Text),
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
    connections: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
    token_cache_time: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
    network_url: Type.Optional(Url),
    image_url: Type.Optional(Url),
    plug_timeout: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** As Nova's `vif_plugging_timeout`. */
const plugTimeoutSeconds = 300;

export interface OpenStackConfig extends Omit<OpenStackOptions, 'clock'> {
  plugTimeoutMs: number;
}

/** With the files read that it names. Throws `invalid` for a missing password, two of them, and a file that cannot be read. */
export function toOpenStackConfig(
  section: Static<typeof OpenStackSection>,
  place: Place,
): OpenStackConfig {
  return {
    authUrl: section.auth_url,
    user: {
      username: section.username,
      password: passwordOf(section, place),
      projectName: section.project_name ?? 'service',
      userDomainName: section.user_domain_name ?? 'Default',
      projectDomainName: section.project_domain_name ?? 'Default',
    },
    region: section.region,
    interface: section.interface,
    ca: section.ca_file === undefined ? undefined : readAuthorities(resolve(section.ca_file)),
    timeoutMs: milliseconds(section.timeout),
    connections: section.connections,
    tokenCacheMs: milliseconds(section.token_cache_time),
    networkUrl: section.network_url,
    imageUrl: section.image_url,
    plugTimeoutMs: (section.plug_timeout ?? plugTimeoutSeconds) * 1000,
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** A file's last line end is not part of the password. */
function passwordOf(section: Static<typeof OpenStackSection>, place: Place): string {
  const { password, password_file: file } = section;
  if ((password === undefined) === (file === undefined)) {
    throw new ComputeError(
      'invalid',
      `${place(['openstack'])}: must have either password or password_file`,
    );
  }
  return password ?? readTextFile(resolve(file ?? '')).replace(/\r?\n$/, '');
}
