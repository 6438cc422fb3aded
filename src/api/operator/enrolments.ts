/** Hosts that may connect, and those that have. */
import type { EnrolmentView } from '#client/shapes/hosts.ts';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { LinkedHost } from '#contracts/host/host-link.ts';
import type { EnrolmentStore, HostCertificate } from '#contracts/store/enrolments.ts';
import { ComputeError } from '#core/errors.ts';
import { joinTokenMs } from '#core/host-identity/validity.ts';
import { hostNameRuleText, isHostName } from '#core/host-name.ts';
import { type Static, Type } from 'typebox';
import { closed } from '../requests/json-schema.ts';
import { atSecond } from '../requests/links.ts';
import { queryValue } from '#http/routes/query.ts';
import type { Call, Reply } from '../requests/route.ts';

export const enrolmentBody = closed({
  replace: Type.Optional(Type.Boolean()),
  /** How long the token is valid, in seconds. */
  valid_for: Type.Optional(Type.Integer({ minimum: 60, maximum: 7 * 86_400 })),
});

/**
 * The token is in this answer and in no other. Throws `conflict` for a host with a valid
 * certificate or token, unless `replace`.
 */
export async function enroll(call: Call<Static<typeof enrolmentBody>>): Promise<Reply> {
  const host = call.params['name'] ?? '';
  if (!isHostName(host)) {
    throw new ComputeError('invalid', `host name "${host}": ${hostNameRuleText}`);
  }
  // First, so that no token is made for a port that cannot be opened.
  const controller = await call.context.hostsUrl();
  const { replace: replaces = false, valid_for: seconds } = call.body;
  const validMs = seconds === undefined ? joinTokenMs : seconds * 1_000;
  const made = await call.context.workflows.enrollHost(host, { replaces, validMs });
  const enrolment = {
    host,
    enrolled_at: atSecond(made.createdAt),
    token: made.token,
    expires_at: atSecond(made.expiresAt),
    controller,
  };
  return { body: { enrolment } satisfies OperatorReply<'POST /hosts/:name/enrolment'> };
}

/** Throws `notFound` for a host that was never enrolled. */
export async function revoke(call: Call): Promise<Reply> {
  await call.context.workflows.revokeHost(call.params['name'] ?? '');
  return {};
}

/**
 * The host replaces its certificate by one with a new key; once it has connected with that, the
 * older one is refused. Throws `notFound` for a host that was never enrolled, `conflict` for one
 * that is not connected.
 */
export async function rotate(call: Call): Promise<Reply> {
  const host = call.params['name'] ?? '';
  if ((await call.context.store.enrolments.named(host)) === undefined) {
    throw new ComputeError('notFound', `Host ${host} is not enrolled.`);
  }
  if (call.context.renewCertificate(host)) return {};
  throw new ComputeError(
    'conflict',
    `Host ${host} is not connected by a certificate, so it cannot replace one. "novella host enroll ${host} --replace" revokes its certificates and tokens and makes a new token.`,
  );
}

/**
 * Removes a host that will not return, and its token. Throws `notFound`, and `conflict` while it
 * reports or has servers.
 */
export async function forget(call: Call): Promise<Reply> {
  await call.context.workflows.forgetHost(call.params['name'] ?? '');
  return {};
}

export const enrolmentsQuery = ['host'];

/** By name, with the link of each: null when it has none. `?host=`: that one alone. */
export async function listEnrolments(call: Call): Promise<Reply> {
  const wanted = queryValue(call.query, 'host');
  const linked = new Map(call.context.linkedHosts().map((link) => [link.host, link]));
  const enrolments = await call.context.store.enrolments.list(wanted);
  return {
    body: {
      enrolments: enrolments.map((enrolment) => {
        const link = linked.get(enrolment.host);
        return {
          ...viewEnrolment(enrolment),
          link: link === undefined ? null : viewLink(link),
        };
      }),
    } satisfies OperatorReply<'GET /hosts/enrolments'>,
  };
}

type Listed = Awaited<ReturnType<EnrolmentStore['list']>>[number];

function viewEnrolment({
  host,
  createdAt,
  revokedAt,
  certificate,
  ...tokens
}: Listed): Omit<EnrolmentView, 'link'> {
  return {
    host,
    enrolled_at: atSecond(createdAt),
    revoked_at: revokedAt === null ? null : atSecond(revokedAt),
    join_expires_at:
      tokens.joinExpiresAt === null || tokens.joinKeySha256 !== null
        ? null
        : atSecond(tokens.joinExpiresAt),
    certificate: certificate && viewCertificate(certificate),
    has_endless_token: tokens.tokenSha256 !== null,
  };
}

function viewLink({ address, since, serial }: LinkedHost): EnrolmentView['link'] {
  return { address, since: atSecond(since), certificate: serial };
}

function viewCertificate({
  serial,
  notBefore,
  notAfter,
  revokedAt,
}: HostCertificate): NonNullable<EnrolmentView['certificate']> {
  return {
    serial,
    not_before: atSecond(notBefore),
    not_after: atSecond(notAfter),
    revoked_at: revokedAt === null ? null : atSecond(revokedAt),
  };
}
