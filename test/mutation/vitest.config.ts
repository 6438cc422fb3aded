import { defineConfig } from 'vitest/config';

/** Only the tests beside the PCI core, in one thread: each mutant runs them again. */
export default defineConfig({
  test: {
    include: ['src/core/pci/**/*.test.ts'],
    isolate: false,
    pool: 'threads',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
