/** The suite that every host memory must pass. */
import { describe, expect, test } from 'vitest';
import type { HostMemory } from './host-memory.ts';

/**
 * `make` returns an empty one, and a function that reopens it as the next process would; `again`
 * absent: it ends with its process.
 */
export function describeHostMemory(
  name: string,
  make: () => Promise<{ memory: HostMemory; again?: () => HostMemory }>,
): void {
  describe(`host memory contract: ${name}`, () => {
    test('a document is stored, replaced and removed', async () => {
      const { memory } = await make();
      expect(await memory.read('devices/0000:01:10.0')).toBeUndefined();
      await memory.write('devices/0000:01:10.0', { driver: 'igbvf', vf: null });
      await memory.write('devices/0000:01:10.0', { driver: null });
      expect(await memory.read('devices/0000:01:10.0')).toEqual({ driver: null });
      await memory.remove('devices/0000:01:10.0');
      await memory.remove('devices/0000:01:10.0');
      expect(await memory.read('devices/0000:01:10.0')).toBeUndefined();
    });

    test('the keys of a folder are in order, those of another are not among them', async () => {
      const { memory } = await make();
      expect(await memory.keys('devices')).toEqual([]);
      await memory.write('devices/0000:01:10.2', 1);
      await memory.write('devices/0000:01:10.0', 2);
      await memory.write('bridges/brq1b4e28ba-2f', []);
      expect(await memory.keys('devices')).toEqual([
        'devices/0000:01:10.0',
        'devices/0000:01:10.2',
      ]);
    });

    test('changing a returned document does not change the stored one', async () => {
      const { memory } = await make();
      const document = { uses: ['a'] };
      await memory.write('bridges/br0', document);
      document.uses.push('b');
      expect(await memory.read('bridges/br0')).toEqual({ uses: ['a'] });
    });

    test('documents outlive the process, where the memory is persistent', async () => {
      const { memory, again } = await make();
      await memory.write('devices/0000:01:10.0', { driver: 'igbvf' });
      if (again === undefined) return;
      expect(await again().read('devices/0000:01:10.0')).toEqual({ driver: 'igbvf' });
    });
  });
}
