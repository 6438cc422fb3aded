/** What Novella finds among the services it is to work with, before it starts: roles, endpoints, extensions. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { OwnTokens } from './own-token.ts';
import type { Session } from './session.ts';

/** Sentences for an operator. */
export interface Survey {
  found: string[];
  missing: string[];
  /** Where the services are, of those that answered. */
  urls: { network?: string; image?: string };
  /** The configuration cannot be right: name or password are refused. */
  isRefused: boolean;
}

/** What each role is for. */
const roles: Record<string, string> = {
  admin: 'sees ports, physical networks and images of all projects',
  service: 'may write binding:profile',
};

/** Neutron's extensions that SR-IOV ports need. */
const extensions = ['binding', 'provider'];

/** Asks everyone once. */
export async function survey(services: {
  tokens: OwnTokens;
  keystone: string;
  network: Session;
  image: Session;
}): Promise<Survey> {
  const { tokens, keystone, network, image } = services;
  const result: Survey = { found: [], missing: [], urls: {}, isRefused: false };
  try {
    const token = await tokens.current();
    result.found.push(`identity service at ${keystone}; roles: ${token.roles.join(', ')}`);
    for (const [role, use] of Object.entries(roles)) {
      if (token.roles.includes(role)) continue;
      result.missing.push(`role \`${role}\` of the service user in Keystone: it ${use}`);
    }
  } catch (error) {
    result.missing.push(wordsOf(error));
    result.isRefused = isComputeError(error, 'forbidden');
    return result;
  }
  await look(result, 'network', { session: network, ask: () => lackingExtensions(network) });
  await look(result, 'image', { session: image, ask: () => reach(image, '/v2/images?limit=1') });
  return result;
}

async function look(
  result: Survey,
  service: 'network' | 'image',
  { session, ask }: { session: Session; ask: () => Promise<string[]> },
): Promise<void> {
  try {
    const lacking = await ask();
    result.found.push(await session.name());
    result.urls[service] = await session.url();
    result.missing.push(...lacking);
  } catch (error) {
    result.missing.push(wordsOf(error));
  }
}

async function lackingExtensions(network: Session): Promise<string[]> {
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

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
