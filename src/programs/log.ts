/** The log on standard error: JSON lines for programs, plain lines for a person at a terminal. */
import { type Logger, pino } from 'pino';

type Level = 'debug' | 'info' | 'warn' | 'error';

const beside = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

/** A logger on this stream. Example at a terminal: `WARN  host-1 is not reachable  host=host-1`. */
export function logTo(stream: NodeJS.WriteStream, level: Level): Logger {
  if (!stream.isTTY) return pino({ level }, stream);
  return pino({ level }, { write: (line: string) => void stream.write(plainLine(line)) });
}

function plainLine(line: string): string {
  const entry = JSON.parse(line) as { level: number; msg?: string } & Record<string, unknown>;
  const name = (pino.levels.labels[entry.level] ?? '').toUpperCase().padEnd(5);
  const more = Object.entries(entry)
    .filter(([key]) => !beside.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${[name, entry.msg ?? '', ...more].join('  ')}\n`;
}
