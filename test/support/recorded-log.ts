/** A log that keeps its lines, for tests that read it as an operator would. */
import type { Log } from '#contracts/log.ts';

export interface RecordedLog extends Log {
  /** Example: `warn the link broke`. */
  entries: string[];
}

export function recordedLog(): RecordedLog {
  const entries: string[] = [];
  const at =
    (level: string) =>
    (_data: object, message: string): void =>
      void entries.push(`${level} ${message}`);
  return { entries, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
