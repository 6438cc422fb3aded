/** The token of the service's own user: got by password, renewed before it ends and when it is refused. */
import { ComputeError } from '#core/errors.ts';
import type { Clock } from '#contracts/clock.ts';
import type { Catalog } from './catalog.ts';
import type { ServiceAnswer, ServiceCaller } from './service-caller.ts';

export interface ServiceUser {
  username: string;
  password: string;
  projectName: string;
  userDomainName: string;
  projectDomainName: string;
}

export interface OwnToken {
  text: string;
  expiresAt: number;
  roles: string[];
  catalog: Catalog;
}

export interface OwnTokens {
  /** Whose they are. */
  user: ServiceUser;
  /** A token that is good for a while. Throws `unavailable`; `forbidden` when name or password are wrong. */
  current(): Promise<OwnToken>;
  /** A newer token than this one, which was refused. Many who ask at once get the same. */
  newerThan(refused: OwnToken): Promise<OwnToken>;
}

/** A token is not used in its last minutes: a call with it may take some, and clocks differ. */
const lastMs = 120_000;

export function createOwnTokens(options: {
  caller: ServiceCaller;
  /** Keystone with its version. Example: `http://controller:5000/v3`. */
  keystone: string;
  user: ServiceUser;
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
    user: options.user,
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
    body: passwordBody(user),
    isRepeatable: true,
  });
  const text = answer.header('x-subject-token');
  if (answer.status !== 201 || text === undefined) throw refusal(answer, keystone, user);
  const { token } = answer.body as {
    token: { expires_at: string; roles?: { name: string }[]; catalog?: Catalog };
  };
  return {
    text,
    expiresAt: Date.parse(token.expires_at),
    roles: (token.roles ?? []).map(({ name }) => name),
    catalog: token.catalog ?? [],
  };
}

/** Source: Keystone API v3, "Password authentication with scoped authorization". */
function passwordBody(user: ServiceUser) {
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: {
            name: user.username,
            domain: { name: user.userDomainName },
            password: user.password,
          },
        },
      },
      scope: {
        project: { name: user.projectName, domain: { name: user.projectDomainName } },
      },
    },
  };
}

function refusal({ status, body }: ServiceAnswer, keystone: string, user: ServiceUser) {
  const at = `identity service at ${keystone}`;
  if (status !== 401) {
    return new ComputeError('unavailable', `${at} answers ${status} to our sign-in`, {
      detail: JSON.stringify(body),
    });
  }
  return new ComputeError(
    'forbidden',
    `${at} refuses our user ${user.username} of domain ${user.userDomainName} on project ` +
      `${user.projectName} of domain ${user.projectDomainName}: the password is wrong, or the user has no role there`,
  );
}
