/**
 * The token of the service's own user: obtained by password, renewed before it expires and when it
 * is refused.
 */
import { type Login, signInBody } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import type { Clock } from '#contracts/clock.ts';
import type { Catalog } from './catalog.ts';
import type { OwnUser } from '../own-user.ts';
import type { ServiceAnswer, ServiceCaller } from './service-caller.ts';

export interface OwnToken {
  text: string;
  expiresAt: number;
  owner: OwnUser;
  catalog: Catalog;
}

export interface OwnTokens {
  /**
   * A token with some validity left. Throws `unavailable`; `forbidden` when name or secret are
   * wrong.
   */
  current(): Promise<OwnToken>;
  /** A newer token than this refused one. Concurrent callers get the same. */
  newerThan(refused: OwnToken): Promise<OwnToken>;
}

/** A token is not used in its last minutes: a call may take some, and clocks differ. */
const lastMs = 120_000;

export function createOwnTokens(options: {
  caller: ServiceCaller;
  /** Keystone with its version. Example: `http://controller:5000/v3`. */
  keystone: string;
  user: Login;
  clock: Clock;
}): OwnTokens {
  const { clock } = options;
  let current: OwnToken | undefined;
  let coming: Promise<OwnToken> | undefined;
  const renew = (): Promise<OwnToken> => {
    coming ??= signIn(options)
      .then((token) => (current = token))
      .finally(() => (coming = undefined));
    return coming;
  };
  return {
    async current() {
      const isGood = current !== undefined && current.expiresAt - lastMs > clock.now();
      return isGood && current !== undefined ? current : renew();
    },
    newerThan: async (refused) =>
      current !== undefined && current !== refused ? current : renew(),
  };
}

async function signIn(options: Parameters<typeof createOwnTokens>[0]): Promise<OwnToken> {
  const { caller, keystone, user } = options;
  const answer = await caller.call({
    service: 'identity',
    method: 'POST',
    base: keystone,
    path: '/auth/tokens',
    body: signInBody(user),
    isRepeatable: true,
  });
  const text = answer.header('x-subject-token');
  if (answer.status !== 201 || text === undefined) throw refusal(answer, keystone, user);
  const { token } = answer.body as { token: TokenBody };
  return {
    text,
    expiresAt: Date.parse(token.expires_at),
    owner: ownerOf(token),
    catalog: token.catalog ?? [],
  };
}

interface Named {
  name: string;
  domain: { name: string };
}

interface TokenBody {
  expires_at: string;
  user: Named;
  project: Named;
  roles?: { name: string }[];
  catalog?: Catalog;
}

function ownerOf({ user, project, roles = [] }: TokenBody): OwnUser {
  return {
    username: user.name,
    userDomainName: user.domain.name,
    projectName: project.name,
    projectDomainName: project.domain.name,
    roles: roles.map(({ name }) => name),
  };
}

function refusal({ status, body }: ServiceAnswer, keystone: string, user: Login) {
  const at = `identity service at ${keystone}`;
  if (status !== 401) {
    return new ComputeError('unavailable', `${at} answers ${status} to our sign-in`, {
      detail: JSON.stringify(body),
    });
  }
  if ('applicationCredentialId' in user) {
    return new ComputeError(
      'forbidden',
      `${at} refuses our application credential ${user.applicationCredentialId}: its secret is wrong, or it has expired`,
    );
  }
  return new ComputeError(
    'forbidden',
    `${at} refuses our user ${user.username} of domain ${user.userDomainName} on project ` +
      `${user.projectName} of domain ${user.projectDomainName}: the password is wrong, or the user has no role there`,
  );
}
