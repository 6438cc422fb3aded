/** Level and format of the log. */

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** `auto`: text at a terminal, JSON elsewhere. */
export const logFormats = ['auto', 'text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
}

/** The options of a command line, checked by its parser. `verbose` is short for level debug. */
export interface LogArguments {
  logLevel?: LogLevel;
  logFormat?: LogFormat;
  verbose?: boolean;
}

export const standardLog: LogOptions = { level: 'info', format: 'auto' };

/** The command line's choice, otherwise the configuration's. */
export function logOptions(given: LogArguments, configured = standardLog): LogOptions {
  const level = given.verbose === true ? 'debug' : given.logLevel;
  return { level: level ?? configured.level, format: given.logFormat ?? configured.format };
}
