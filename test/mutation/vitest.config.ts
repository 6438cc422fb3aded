import { defineConfig } from 'vitest/config';

/**
 * The tests beside the core and the engine, in one thread: each mutant runs those that reach it.
 * `NOVELLA_MUTATION_TESTS`: only these, so that a mutant which all tests reach costs seconds.
 * Example: `src/core/guests/**\/*.test.ts`.
 */
const { NOVELLA_MUTATION_TESTS: some } = process.env;
const all = ['src/core/**/*.test.ts', 'src/workflows/engine/*.test.ts'];

export default defineConfig({
  test: {
    include: some === undefined ? all : [some],
    isolate: false,
    pool: 'threads',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
