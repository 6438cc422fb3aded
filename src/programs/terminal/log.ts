/** The log on standard error: JSON lines for programs, plain lines for a person at a terminal. */
import { type Logger, pino } from 'pino';
import { currentRequest } from '#runtime/messages/current-request.ts';
import type { LogOptions } from './log-choices.ts';

type LogStream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean };

const withoutPlace = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

/**
 * A logger on this stream. Each line has the ids of the request that it belongs to. Example as
 * text: `06:38:11 WARN host-1 is not reachable host=host-1`.
 */
export function logTo(stream: LogStream, { level, format }: LogOptions): Logger {
  const isText = format === 'text' || (format === 'auto' && stream.isTTY === true);
  const options = { level, mixin: () => ({ ...currentRequest() }) };
  if (!isText) return pino(options, stream);
  return pino(options, { write: (line: string) => void stream.write(textLine(line)) });
}

type Entry = { level: number; time: number; msg?: string } & Record<string, unknown>;

/** One line, whatever the content; times are local. */
function textLine(line: string): string {
  const entry = JSON.parse(line) as Entry;
  const name = (pino.levels.labels[entry.level] ?? '').toUpperCase().padEnd(5);
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const isRequest = 'requestId' in entry && 'ms' in entry;
  const facts = Object.entries(entry)
    .filter(([key]) => !withoutPlace.has(key) && !(isRequest && inMessage.has(key)))
    .map(([key, value]) => `${key}=${factText(value)}`);
  const text = [entry.msg ?? '', ...facts].filter((part) => part !== '').join('  ');
  return `${time} ${name} ${printable(text)}\n`;
}

/** Fields that a request's message already contains. */
const inMessage = new Set(['method', 'path', 'status']);

/** An error's message only: its stack is for `--log-format json`. */
function factText(value: unknown): string {
  if (typeof value === 'string') return value;
  const { message } = (value ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(value);
}

/** A path or name in it may come from a client: no control character reaches the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
