/** A log that keeps quiet, for tests that start whole programs. */
import { pino } from 'pino';

export const silentLog = pino({ level: 'silent' });
