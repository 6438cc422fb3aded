/** Why a TLS connection to a controller failed, for an operator. */
import { createPublicKey } from 'node:crypto';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import { tlsFailureReason } from '#core/tls-failure.ts';
import { keyFingerprint } from '#runtime/keys/host-key.ts';
import { moment } from '#runtime/messages/moment.ts';
import { inspectController, type PresentedController } from './inspect-controller.ts';

/** Clocks that differ by less are not the cause of anything. */
const skewMs = 5 * 60_000;

/** Undefined: it is no matter of trust. `now`: this machine's clock. */
export async function tlsProblem(
  error: unknown,
  { url, tls }: Pick<ControllerConnection, 'url' | 'tls'>,
  now: number,
): Promise<string | undefined> {
  const known = tlsFailureReason(error, { key: 'ca_file' });
  const [authority] = Array.isArray(tls.ca) ? tls.ca : [];
  const { code } = error as { code?: unknown };
  if (code === 'INVALID_PURPOSE') return 'its certificate is not one of a controller';
  if (known === undefined || authority === undefined) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is not one of a controller: ${String((error as { reason?: unknown }).reason)}`;
  }
  const presented = await presentedAt(url);
  if (presented === undefined) return known;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const { validFromDate, validToDate } = presented.certificate;
    const [from, to] = [validFromDate, validToDate].map((date) => moment(date.getTime()));
    return `its certificate is valid from ${from} to ${to}, and ${clocks(now, presented.clock)}`;
  }
  const own = keyFingerprint(createPublicKey(authority).export({ type: 'spki', format: 'der' }));
  return `it is of another cluster: its authority is ${presented.authority?.fingerprint ?? 'not known'}, and this host's certificate is of authority ${own}`;
}

async function presentedAt(url: string): Promise<PresentedController | undefined> {
  try {
    return await inspectController(url);
  } catch {
    return undefined;
  }
}

function clocks(now: number, controllers: number | undefined): string {
  const here = `this machine's clock is at ${moment(now)}`;
  if (controllers === undefined) return here;
  const advice = Math.abs(now - controllers) > skewMs ? ': set the clock that is wrong' : '';
  return `${here}, the controller's at ${moment(controllers)}${advice}`;
}
