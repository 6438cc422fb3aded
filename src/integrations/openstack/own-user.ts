/**
 * Describes the service user in Keystone to an operator: its missing roles, how to grant them.
 * Pure.
 */
/** The user as described by its token. */
export interface OwnUser {
  username: string;
  userDomainName: string;
  projectName: string;
  projectDomainName: string;
  roles: readonly string[];
}

/** The purpose of each role. Source: Neutron's policies since 2025.1. */
const uses = {
  admin: 'to see ports, physical networks, agents and images of all projects',
  service: 'to write binding:profile and to act for users',
};
export type NeededRole = keyof typeof uses;
const needed = Object.keys(uses) as NeededRole[];

/**
 * Example: "the role `service` of user nova on project service, to write binding:profile and to act
 * beside users (openstack role add --project service --user nova service)".
 */
export function describeRole(user: OwnUser, role: NeededRole): string {
  const { username, projectName } = user;
  return `the role \`${role}\` of user ${username} on project ${projectName}, ${uses[role]} (${commandFor(user, role)})`;
}

/** The required roles that the user lacks. */
export function missingRoles({ roles }: OwnUser): NeededRole[] {
  return needed.filter((role) => !roles.includes(role));
}

/**
 * Why a service may have refused our user. Example: "it needs the role `service` of user nova …";
 * with all roles granted: "user nova has the roles admin, service on project service, so the
 * service's policy asks for more".
 */
export function whyRefused(user: OwnUser): string {
  const missing = missingRoles(user).map((role) => describeRole(user, role));
  if (missing.length > 0) return `it needs ${missing.join(', and ')}`;
  const { username, projectName, roles } = user;
  return `user ${username} has the roles ${roles.join(', ')} on project ${projectName}, so the service's policy asks for more`;
}

function commandFor(user: OwnUser, role: NeededRole): string {
  const domains = [
    ...(user.projectDomainName === 'Default' ? [] : ['--project-domain', user.projectDomainName]),
    ...(user.userDomainName === 'Default' ? [] : ['--user-domain', user.userDomainName]),
  ];
  const args = ['--project', user.projectName, '--user', user.username, ...domains, role];
  return `openstack role add ${args.join(' ')}`;
}
