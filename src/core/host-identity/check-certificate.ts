/** The row of `novella doctor` for the certificate by which a host identifies itself. */
import { type HostCheck, report } from '../hosts/host-check.ts';
import { renewalAt, type Validity } from './validity.ts';

/** What the agent has. `token`: there is one to join with, or of version 0.2. */
export type IdentityFacts =
  | { state: 'absent'; token: boolean }
  | { state: 'damaged'; why: string }
  | { state: 'present'; host: string; validity: Validity; begins: string; ends: string };

/**
 * `now`: epoch milliseconds. Example: `ok  Certificate  of host hv1, until 2027-02-28T11:20:00Z`.
 */
export function checkCertificate(host: string, facts: IdentityFacts, now: number): HostCheck {
  const row = report('Certificate', 'certificate');
  const join = `run "novella host enroll ${host} --replace" on the controller, and join with its token`;
  if (facts.state === 'damaged') return row.fail(facts.why, join);
  if (facts.state === 'absent') {
    return facts.token
      ? row.ok('none yet: the agent connects with the token of its configuration')
      : row.fail('none, and no token to join with', join);
  }
  const { validity, begins, ends } = facts;
  if (facts.host !== host) {
    return row.fail(
      `of host ${facts.host}, and this host is named ${host}`,
      `set host.name to ${facts.host}, or join as ${host}`,
    );
  }
  if (now > validity.notAfter) return row.fail(`expired at ${ends}`, join);
  if (now < validity.notBefore) {
    return row.fail(`valid from ${begins} on`, 'set the clock of this machine');
  }
  if (now > (renewalAt(validity) + validity.notAfter) / 2) {
    return row.warn(
      `of host ${host}, only until ${ends}: it should have been renewed`,
      'start the agent; journalctl -u novella-agent has the reason',
    );
  }
  return row.ok(`of host ${host}, until ${ends}`);
}
