/**
 * Where a workflow or an agent says what an operator may want to read later. pino's logger is one.
 */
export interface Log {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
