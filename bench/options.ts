/** What the command line gives to the groups. */
export interface BenchOptions {
  /** A file of inputs with the real Nova's answers. */
  data?: string | undefined;
  /** A Debian tree that has Nova's Python code. */
  nova?: string | undefined;
}
