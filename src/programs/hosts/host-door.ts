/**
 * The endpoint of an all-in-one for connecting hosts: which may, and which listener is notified.
 */
import type { Server } from 'node:http';
import type { Log } from '#contracts/log.ts';
import {
  type Admission,
  type HostDoor,
  acceptHostLinks,
} from '#integrations/host-link/host-door.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { type ReportListener, serveAgent } from '#workflows/watch/serve-agent.ts';

export interface EnrolledHostsOptions {
  server: Server;
  /** Names of hosts in this process: no other host may use them. */
  localHosts: ReadonlySet<string>;
  listener: ReportListener;
  log: Log;
}

/** Finds revoked tokens whose wake-up was lost. */
const recheckMs = 30_000;

/** Admits enrolled hosts, each until its token is revoked. */
export function letHostsIn(
  context: WorkflowContext,
  { server, localHosts, listener, log }: EnrolledHostsOptions,
): Pick<HostDoor, 'linked' | 'close'> {
  const door = acceptHostLinks({
    server,
    log,
    admit: (tokenSha256) => admitHost(context, localHosts, tokenSha256),
    onLink: (end) => serveAgent(context, end, listener),
  });
  const recheck = (): void => {
    door.recheck().catch((error: unknown) => log.error({ err: error }, 'cannot check tokens'));
  };
  const unlisten = context.wakeup.listen('enrolments', recheck);
  const timer = setInterval(recheck, recheckMs);
  return {
    linked: () => door.linked(),
    close: () => {
      unlisten();
      clearInterval(timer);
      return door.close();
    },
  };
}

/** The host of this token, which must not run in this process. */
export async function admitHost(
  { store }: WorkflowContext,
  localHosts: ReadonlySet<string>,
  tokenSha256: string,
): Promise<Admission> {
  const enrolment = await store.enrolments.ofToken(tokenSha256);
  if (enrolment === undefined) return { status: 401, message: 'The token is not known.' };
  const { host, revokedAt } = enrolment;
  if (revokedAt !== null) return { status: 401, message: `The token of host ${host} was revoked.` };
  if (!localHosts.has(host)) return { host };
  return { status: 409, message: `Host ${host} is one of the controller's own process.` };
}
