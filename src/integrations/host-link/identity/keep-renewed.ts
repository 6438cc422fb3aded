/** The agent's certificate is replaced at two thirds of its life, for as long as it takes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '#contracts/clock.ts';
import type { Log } from '#contracts/log.ts';
import { errorText } from '#core/errors.ts';
import { renewalAt, renewalWait } from '#core/host-identity/validity.ts';
import { moment } from '#runtime/messages/moment.ts';
import type { AgentIdentity } from './agent-identity.ts';

export interface KeepRenewedOptions {
  log: Log;
  /** There is a new certificate: the connection still has the older one. */
  onRenewed: () => void;
  clock?: Clock;
}

/** How often to look whether there is a certificate. */
const withoutMs = 2_000;

/** Starts it; an agent without a certificate may get one at any time. */
export function keepRenewed(
  identity: Pick<AgentIdentity, 'validity' | 'renew'>,
  { log, onRenewed, clock = { now: Date.now } }: KeepRenewedOptions,
): { stop(): void } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const wait = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => {});
  const keep = async (): Promise<void> => {
    // Also without a failure: by a clock that is ahead, a new certificate is due at once.
    let hasTried = false;
    while (!signal.aborted) {
      const validity = validityOf(identity);
      if (validity === undefined) {
        await wait(withoutMs);
        continue;
      }
      await wait(renewalWait(validity, clock.now(), hasTried));
      hasTried &&= clock.now() >= renewalAt(validity);
      if (signal.aborted || clock.now() < renewalAt(validity)) continue;
      hasTried = true;
      try {
        await identity.renew();
        onRenewed();
      } catch (error) {
        const end = moment(validity.notAfter);
        log.warn(
          {},
          `cannot renew the certificate, which is valid until ${end}: ${errorText(error)}`,
        );
      }
    }
  };
  void keep();
  return { stop: () => stopping.abort() };
}

/** undefined: there is none, or it cannot be read, which each connection reports. */
function validityOf(identity: Pick<AgentIdentity, 'validity'>) {
  try {
    return identity.validity();
  } catch {
    return undefined;
  }
}
