/** Every cloud of these tests has its database on the server of the run. */
import { inject } from 'vitest';
import { useServer } from '#test/postgres/database-of.ts';

useServer(inject('postgres'));
