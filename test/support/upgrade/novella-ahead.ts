/** Starts Novella as the version ahead of this one: with migrations that only a test has. */
import { migrations } from '#integrations/database/migrations/index.ts';
import { type Ahead, migrationsAhead } from './version-ahead.ts';

Object.assign(
  migrations,
  migrationsAhead((process.env['NOVELLA_TEST_AHEAD'] ?? 'online') as Ahead),
);
await import('../../../src/programs/main.ts');
