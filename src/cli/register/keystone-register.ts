/**
 * `novella keystone register`: writes this compute API into Keystone's catalog, and the user that
 * it is for the other services.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ComputeError } from '#core/errors.ts';
import { planCatalog } from './register-catalog.ts';
import { planUser } from './register-user.ts';
import { stepText } from './registration.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import { userStepText } from './service-user.ts';
import type { Session } from '#client/session/session.ts';

export interface RegisterOptions {
  /**
   * Where clients reach the compute API. Example: `http://controller:8774/v2.1`. Absent: the
   * catalog is not changed.
   */
  url?: string;
  region: string;
  /** The service user. Absent: users are not changed. */
  user?: string;
  project: string;
  domain: string;
  passwordFile?: string;
  replace?: boolean;
  /** Prints what it would do, without doing it. */
  dryRun?: boolean;
  json?: boolean;
}

/**
 * Adds what is missing; a second run changes nothing. Needs an administrator. Both plans are
 * complete before anything is done; a password that is made here is shown once its user exists.
 * `--json`: `{service: {act, id}, endpoints: [steps], user: {name, steps, password}, dry_run}`;
 * what was not requested is null. Throws `conflict` when an endpoint leads elsewhere or the user
 * has another password, unless `--replace`.
 */
export async function registerCompute(
  session: Session,
  options: RegisterOptions,
  screen: Screen,
): Promise<void> {
  const { user: name, project, domain, region, dryRun = false, replace = false } = options;
  const url = options.url?.replace(/\/+$/, '');
  if (url === undefined && name === undefined) {
    throw new ComputeError('invalid', 'nothing to register: name --url, --user or both');
  }
  const given = options.passwordFile === undefined ? undefined : passwordIn(options.passwordFile);
  const wanted = { user: name ?? '', project, domain, password: given, replace };
  const user = name === undefined ? undefined : await planUser(session, wanted);
  const catalog =
    url === undefined ? undefined : await planCatalog(session, { url, region, replace });
  const steps = [
    ...(user?.steps ?? []),
    ...(catalog ? [catalog.service, ...catalog.endpoints] : []),
  ];
  const isNew = user?.steps.some(({ act, what }) => act === 'add' && what === 'user') === true;
  const made = isNew && given === undefined && !dryRun ? newPassword() : null;
  const text = options.json !== true;
  // At once: what fails later must not take it along.
  const report = () => {
    if (!text || made === null) return;
    writeLines(screen, [`The password of ${name} is ${made}`, 'It will not be shown again.', '']);
  };
  if (!dryRun) await user?.carryOut(given ?? made ?? '', report);
  const id = dryRun ? catalog?.service.id : await catalog?.carryOut();
  if (!text) {
    return writeJson(screen, {
      service: catalog === undefined ? null : { act: catalog.service.act, id: id ?? null },
      endpoints: catalog?.endpoints ?? null,
      user: user === undefined ? null : { name, steps: user.steps, password: made },
      dry_run: dryRun,
    });
  }
  const isDone = steps.every(({ act }) => act === 'keep');
  writeLines(screen, [
    ...(user?.steps ?? []).map((step) => userStepText(step, wanted)),
    ...(catalog === undefined ? [] : [`${catalog.service.act.padEnd(7)} service   compute`]),
    ...(catalog?.endpoints ?? []).map(stepText),
    ...(dryRun ? ['Nothing was changed.'] : isDone ? ['Everything was registered already.'] : []),
  ]);
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** A file's last line end is not part of the password. */
function passwordIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ComputeError('invalid', `--password-file ${path}: cannot be read (${why})`, {
      cause,
    });
  }
  if (text !== '') return text;
  throw new ComputeError('invalid', `--password-file ${path}: is empty; it must hold the password`);
}
