/** The identity of this machine's agent, for a check. Changes nothing. */
import { errorText } from '#core/errors.ts';
import type { IdentityFacts } from '#core/host-identity/check-certificate.ts';
import { moment } from '#runtime/messages/moment.ts';
import { IdentityFiles, validityOf } from './identity-file.ts';

/** `folder`: the agent's state directory. `token`: whether its configuration has one. */
export function readIdentity(folder: string, token: boolean): IdentityFacts {
  try {
    const identity = new IdentityFiles(folder).read();
    if (identity === undefined) return { state: 'absent', token };
    const validity = validityOf(identity);
    const { host } = identity;
    const [begins, ends] = [moment(validity.notBefore), moment(validity.notAfter)];
    return { state: 'present', host, validity, begins, ends };
  } catch (error) {
    return { state: 'damaged', why: errorText(error) };
  }
}
