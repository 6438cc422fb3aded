/** A log that writes nothing, for tests that start whole programs. */
import { pino } from 'pino';

export const silentLog = pino({ level: 'silent' });
