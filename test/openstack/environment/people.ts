/** The users of the environment's Keystone and their roles. */

export interface Person {
  user: string;
  password: string;
  project: string;
  /** Of the user in the project. */
  roles: string[];
}

const password = 'openstack';

export const people = {
  admin: { user: 'admin', password, project: 'admin', roles: ['admin'] },
  /** The user of a service such as Nova. */
  service: { user: 'service', password, project: 'service', roles: ['admin', 'service'] },
  /** The user of the contracts. */
  demo: { user: 'demo', password, project: 'demo', roles: ['member', 'reader'] },
  alice: { user: 'alice', password, project: 'red', roles: ['member', 'reader'] },
  bob: { user: 'bob', password, project: 'blue', roles: ['member', 'reader'] },
} satisfies Record<string, Person>;

/** A clouds.yaml with a cloud for each of them, by the user's name. */
export function cloudsYaml(authUrl: string): string {
  const clouds = Object.values(people).map(
    ({ user, project }) => `  ${user}:
    auth:
      auth_url: ${authUrl}
      username: ${user}
      password: ${password}
      project_name: ${project}
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    identity_api_version: 3
`,
  );
  return `clouds:\n${clouds.join('')}`;
}
