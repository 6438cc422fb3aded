/** Every migration, in order. A released one never changes; a change is a new one. */
import type { Migration } from 'kysely/migration';

export const migrations: Record<string, Migration> = {};
