import { availableParallelism } from 'node:os';
import { memoryFolder } from './test/support/memory-folder.ts';
import { defineConfig } from 'vitest/config';

/**
 * Tests of the product's own code keep their temporary folders in memory where they can: they wait
 * for the disk half of their time.
 */
const inMemory = { TMPDIR: memoryFolder() };

const setupFiles = ['test/support/cheap-passwords.ts', 'test/support/check-replies.ts'];

/** Tests wait for processes, files and deadlines a third of their time. */
const maxWorkers = Math.ceil(availableParallelism() * 1.5);

/**
 * unit: next to the code, fast, one process. scenarios: the whole all-in-one over HTTP. page: the page in a real browser. postgres:
 * the stores on a PostgreSQL of the tests' own. clients: stock OpenStack commands. libvirt: this machine's own tools of a hypervisor, and a libvirtd of
 * the test's own. lab: contracts on the emulated SR-IOV host. openstack: the environment of real
 * Keystone, Neutron and Glance, and the contracts on them. docs: the shell blocks of the documents.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/skip-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'test/*.test.ts',
            'test/lab/*.test.ts',
            'test/lab/moves/*.test.ts',
            'test/tempest/*.test.ts',
            'bench/*.test.ts',
          ],
          setupFiles,
          isolate: false,
          maxWorkers,
          env: inMemory,
        },
      },
      {
        test: {
          name: 'scenarios',
          globalSetup: ['test/support/processes/bundled-novella.ts'],
          include: ['test/scenarios/**/*.test.ts', 'test/torture/*.test.ts'],
          setupFiles,
          isolate: false,
          maxWorkers,
          sequence: { groupOrder: 1 },
          env: inMemory,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'page',
          globalSetup: ['test/page/prepare.ts', 'test/support/processes/bundled-novella.ts'],
          include: ['test/page/**/*.test.ts'],
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          env: inMemory,
        },
      },
      {
        test: {
          name: 'postgres',
          globalSetup: ['test/postgres/cluster.ts', 'test/support/processes/bundled-novella.ts'],
          // Clouds whose scenarios use each part of the database.
          include: [
            'test/postgres/**/*.test.ts',
            ...['boot', 'interfaces', 'moves', 'restart', 'shelving', 'aggregates'].map(
              (name) => `test/scenarios/${name}.test.ts`,
            ),
          ],
          setupFiles: [...setupFiles, 'test/postgres/use-server.ts'],
          isolate: false,
          maxWorkers,
          env: inMemory,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'libvirt',
          include: ['test/libvirt/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/contracts/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'openstack',
          include: ['test/openstack/**/*.test.ts'],
          globalSetup: ['test/openstack/prepare.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'docs',
          include: ['test/docs/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
