/** One command of the stock client, and what it does at each microversion. */
export interface Row {
  /** What is typed after `openstack`. `{name}`: a value that an earlier row kept. */
  run: string;
  /** The minor numbers of the first and last microversion in which it works; default: all. */
  from?: number;
  to?: number;
  /** What the client prints in the others. Default: the number of `from`. */
  refusal?: RegExp;
  /** In all versions that have it the command fails. */
  fails?: Failure;
  /**
   * What the client prints when the user chose no version: it then sends none, which is 2.1, for
   * what is newer.
   */
  unset?: RegExp;
  /** What the printed result contains. */
  prints?: RegExp;
  /** The statuses that servers reach before the next command, by name; several: one of them. */
  settles?: Readonly<Record<string, string | readonly string[]>>;
  /** Values for later rows, by name: the expression's first group in the result. */
  keeps?: Readonly<Record<string, RegExp>>;
}

/** What the client prints, and the reason for the reader of the documentation. */
interface Failure {
  message: RegExp;
  why: string;
}

/** Nova would answer the same. */
export const bug = (message: RegExp): Failure => ({ message, why: 'a bug of this client' });
export const withoutVolumes = (message: RegExp): Failure => ({ message, why: 'needs volumes' });
/** As Nova would in this state of the cloud. */
export const refused = (message: RegExp, why: string): Failure => ({ message, why });
/** What Nova, or the service in place of an embedded one, has. */
export const missing = (message: RegExp, why: string): Failure => ({
  message,
  why: `missing: ${why}`,
});

export interface Section {
  title: string;
  rows: readonly Row[];
}
