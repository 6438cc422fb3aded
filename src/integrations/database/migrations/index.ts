/** Every migration, in order. A released one never changes; a change is a new one. */
import type { Migration } from 'kysely/migration';
import { embeddedServices } from './0003-embedded-services.ts';

export const migrations: Record<string, Migration> = {
  '0003-embedded-services': embeddedServices,
};
