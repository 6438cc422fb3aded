/**
 * Why something was refused, as data: counted, stored with the decision, and shown to the user and
 * the operator.
 */

/**
 * One reason of a refusal. `code` is stable for programs, `message` is for people, `data` has the
 * figures. Example: `{ code: 'pci-exhausted', message: 'physnet2: 0 of 1 VF free', data: { free: 0,
 * needed: 1 } }`.
 */
export interface Reason {
  code: string;
  message: string;
  data?: Record<string, unknown>;
}

/** Ok with its value, or a refusal with at least one reason. */
export type Verdict<T> = ({ ok: true } & T) | { ok: false; reasons: Reason[] };

/** A refusal with one reason. Example: `refuse('host-disabled', 'disabled: maintenance')`. */
export function refuse(
  code: string,
  message: string,
  data?: Record<string, unknown>,
): { ok: false; reasons: Reason[] } {
  return { ok: false, reasons: [data === undefined ? { code, message } : { code, message, data }] };
}
