import { defineConfig } from 'vitest/config';

/**
 * The tests beside the core and the engine, in one thread: each mutant runs those that reach it.
 */
export default defineConfig({
  test: {
    include: ['src/core/**/*.test.ts', 'src/workflows/engine/*.test.ts'],
    isolate: false,
    pool: 'threads',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
