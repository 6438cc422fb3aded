/** Checks the services before Novella starts: roles, endpoints, extensions, network agents. */
import { ComputeError, errorText, isComputeError } from '#core/errors.ts';
import type { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import { surveyAgents } from './survey-agents.ts';
import type { OwnTokens } from './http/own-token.ts';
import { missingRoles, describeRole } from './own-user.ts';
import type { Session } from './http/session.ts';

/** Sentences for an operator. */
export interface Survey {
  found: string[];
  missing: string[];
  /** The URLs of the services that answered. */
  urls: { network?: string; image?: string };
  /** The configuration is wrong: name or password are refused. */
  isRefused: boolean;
}

/** Neutron's extensions that SR-IOV ports need. */
const extensions = ['binding', 'provider'];

/** Queries each service once. */
export async function survey(services: {
  tokens: OwnTokens;
  keystone: string;
  network: Session;
  image: Session;
  agents: () => Promise<NetworkAgents>;
}): Promise<Survey> {
  const { tokens, keystone, network, image } = services;
  const result: Survey = { found: [], missing: [], urls: {}, isRefused: false };
  let isAdmin: boolean;
  try {
    const token = await tokens.current();
    result.found.push(`identity service at ${keystone}; roles: ${token.owner.roles.join(', ')}`);
    isAdmin = token.owner.roles.includes('admin');
    const owner = await network.owner();
    result.missing.push(...missingRoles(owner).map((role) => describeRole(owner, role)));
  } catch (error) {
    result.missing.push(errorText(error));
    result.isRefused = isComputeError(error, 'forbidden');
    return result;
  }
  await check(result, 'network', { session: network, ask: () => missingExtensions(network) });
  // Neutron returns an empty list to others.
  if (result.urls.network !== undefined && isAdmin) await checkAgents(result, services.agents);
  await check(result, 'image', { session: image, ask: () => reach(image, '/v2/images?limit=1') });
  return result;
}

async function check(
  result: Survey,
  service: 'network' | 'image',
  { session, ask }: { session: Session; ask: () => Promise<string[]> },
): Promise<void> {
  try {
    const missing = await ask();
    result.found.push(await session.name());
    result.urls[service] = await session.url();
    result.missing.push(...missing);
  } catch (error) {
    result.missing.push(errorText(error));
  }
}

async function checkAgents(result: Survey, read: () => Promise<NetworkAgents>): Promise<void> {
  try {
    const { found, missing } = surveyAgents(await read());
    result.found.push(...found);
    result.missing.push(...missing);
  } catch (error) {
    result.missing.push(`the list of network agents: ${errorText(error)}`);
  }
}

async function missingExtensions(network: Session): Promise<string[]> {
  const answer = await network.call({
    method: 'GET',
    path: '/v2.0/extensions',
    acting: 'service',
  });
  if (answer.status !== 200) throw await odd(network, answer.status);
  const { extensions: loaded } = answer.body as { extensions: { alias: string }[] };
  return extensions
    .filter((alias) => !loaded.some((each) => each.alias === alias))
    .map((alias) => `extension \`${alias}\` of the network service: SR-IOV ports need it`);
}

async function reach(session: Session, path: string): Promise<string[]> {
  const { status } = await session.call({ method: 'GET', path, acting: 'service' });
  if (status === 200) return [];
  throw await odd(session, status);
}

async function odd(session: Session, status: number): Promise<ComputeError> {
  return new ComputeError('unavailable', `the ${await session.name()} answers ${status}`);
}
