/** `novella host …`: hypervisors are admitted, listed and removed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EnrolmentView, HostView } from '#client/shapes/hosts.ts';
import {
  beginRotation,
  endEnrolment,
  listEnrolments,
  listHosts as hostsOf,
  makeEnrolment,
  removeHost,
} from '#client/operator-api.ts';
import { ComputeError } from '#core/errors.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import type { Session } from '#client/session/session.ts';
import { type Column, tableLines } from '../terminal/table.ts';

export interface EnrollOptions {
  replace?: boolean;
  /** How long the token is valid, in seconds; absent: as the controller has it. */
  valid?: number;
  /** The token alone, for a file or a pipe. */
  quiet?: boolean;
  json?: boolean;
}

/**
 * Prints the join token with what to do with it. `--json`: `{enrolment: …}` as the API gives it.
 */
export async function enrollHost(
  session: Session,
  { name, replace = false, valid, quiet, json }: EnrollOptions & { name: string },
  screen: Screen,
): Promise<void> {
  const wanted = { replace, ...(valid !== undefined && { valid_for: valid }) };
  const enrolment = await makeEnrolment(session, name, wanted);
  if (json === true) return writeJson(screen, { enrolment });
  if (quiet === true) return writeLines(screen, [enrolment.token]);
  const { token, expires_at: end, controller } = enrolment;
  writeLines(screen, [
    `Host ${name} may join with this token, once, until ${end}. It is not shown again:`,
    '',
    `  ${token}`,
    '',
    `On ${name}, with "controller: ${controller}" in the configuration of its agent, run`,
    '',
    '  novella join --config /etc/novella/agent.yaml TOKEN',
    '',
    '(in the folder of the bundled agent: "./node novella-agent.mjs join …"; in a checkout:',
    '"npx novella join …"). Or put the token into the file that token_file of that configuration',
    'names: the agent then joins by itself.',
    ...(isLoopback(controller)
      ? ['', 'Only this machine can connect there: other hosts need "listen" in novella.yaml.']
      : []),
  ]);
}

function isLoopback(url: string): boolean {
  return /^https:\/\/(127\.|localhost[:/]|\[::1\])/.test(`${url}/`);
}

/** Reports what was done. `--json`: `{}`. */
export async function revokeHost(
  session: Session,
  { name, json }: { name: string; json?: boolean },
  screen: Screen,
): Promise<void> {
  await endEnrolment(session, name);
  if (json === true) return writeJson(screen, {});
  writeLines(screen, [`Host ${name} is revoked: it is disconnected, and its guests keep running.`]);
}

/** How long to wait for a host that replaces its certificate. */
const rotationMs = 15_000;
const rotationPollMs = 300;

/**
 * Returns when the host has connected with its new certificate. `--json`: `{enrolment}` as the API
 * gives it. Throws `unavailable` when it has not in time.
 */
export async function rotateHost(
  session: Session,
  { name, json }: { name: string; json?: boolean },
  screen: Screen,
  waitMs = rotationMs,
): Promise<void> {
  const read = async () => (await listEnrolments(session)).find(({ host }) => host === name);
  const before = (await read())?.certificate?.serial;
  await beginRotation(session, name);
  const deadline = Date.now() + waitMs;
  for (;;) {
    const enrolment = await read();
    const { certificate = null, link = null } = enrolment ?? {};
    const isNew = certificate !== null && certificate.serial !== before;
    if (isNew && link?.certificate === certificate.serial) {
      if (json === true) return writeJson(screen, { enrolment });
      const end = certificate.not_after;
      const done = `Host ${name} has a new certificate, until ${end}; the older one is refused.`;
      return writeLines(screen, [done]);
    }
    if (Date.now() > deadline) {
      throw new ComputeError(
        'unavailable',
        `host ${name} has not connected with a new certificate within ${waitMs / 1_000} s: the log of its agent has the reason (journalctl -u novella-agent). Until then the older one is valid; "novella host revoke ${name}" ends that.`,
      );
    }
    await pause(rotationPollMs);
  }
}

/** Reports what was done. `--json`: `{}`. */
export async function forgetHost(
  session: Session,
  { name, json }: { name: string; json?: boolean },
  screen: Screen,
): Promise<void> {
  await removeHost(session, name);
  if (json === true) return writeJson(screen, {});
  writeLines(screen, [`Host ${name} was removed, with its devices and its certificate.`]);
}

/** One line a host. `--json`: `{hosts, enrolments}` as the API gives them. */
export async function listHosts(
  session: Session,
  { json }: { json?: boolean },
  screen: Screen,
): Promise<void> {
  const [hosts, enrolments] = await Promise.all([hostsOf(session), listEnrolments(session)]);
  if (json === true) return writeJson(screen, { hosts, enrolments });
  const names = new Set([...hosts.map(({ name }) => name), ...enrolments.map(({ host }) => host)]);
  if (names.size === 0) {
    return writeLines(screen, ['No host yet: novella host enroll NAME admits one.']);
  }
  const rows = [...names].sort().map(
    (name): Row => ({
      name,
      host: hosts.find((each) => each.name === name),
      enrolment: enrolments.find(({ host }) => host === name),
    }),
  );
  writeLines(screen, [
    ...tableLines(columns, rows, { bold: screen.hasStyle === true }),
    ...hosts.flatMap(problemLines),
  ]);
}

const kept: Record<HostView['problems'][number]['blocks'], string> = {
  all: 'no server is placed there',
  passthrough: 'no server with a PCI device is placed there',
  none: 'servers are placed there all the same',
};

/** Example: `host-2: the hypervisor does not answer (no server is placed there)`. */
function problemLines({ name, problems }: HostView): string[] {
  return problems.map(({ message, blocks }) => `${name}: ${message} (${kept[blocks]})`);
}

interface Row {
  name: string;
  host: HostView | undefined;
  enrolment: EnrolmentView | undefined;
}

const columns: Column<Row>[] = [
  { title: 'HOST', value: ({ name }) => name },
  { title: 'STATE', value: ({ host }) => host?.state ?? 'never seen' },
  { title: 'STATUS', value: ({ host }) => host?.status ?? '' },
  { title: 'CERTIFICATE', value: certificateState },
  { title: 'LINKED FROM', value: ({ enrolment }) => enrolment?.link?.address ?? '' },
  { title: 'LAST SEEN', value: ({ host }) => host?.last_seen_at ?? '' },
  { title: 'GUESTS', value: ({ host }) => String(host?.running_guests ?? ''), align: 'right' },
  { title: 'FREE DEVICES', value: ({ host }) => String(host?.devices_free ?? ''), align: 'right' },
];

/** A host of the controller's own process needs none. */
function certificateState({ enrolment }: Row): string {
  if (enrolment === undefined) return '';
  const { revoked_at: revoked, certificate, has_endless_token: isOld } = enrolment;
  const now = new Date().toISOString();
  if (revoked !== null) return 'revoked';
  if (certificate !== null && certificate.revoked_at === null) {
    const end = certificate.not_after;
    return end > now ? `until ${end.slice(0, '2026-11-30'.length)}` : 'expired';
  }
  if (isOld) return 'none: token of 0.2';
  return (enrolment.join_expires_at ?? '') > now ? 'none: may join' : 'none: token expired';
}
