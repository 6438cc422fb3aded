/** The suite that every implementation of guest consoles must pass. */
import type { Duplex } from 'node:stream';
import { readBytes, readUntil } from '#test/consoles/read-stream.ts';
import { afterEach, describe, expect, test } from 'vitest';
import type { GuestConsoles } from './guest-consoles.ts';

export interface ConsolesWorld {
  consoles: GuestConsoles;
  /** A running guest that echoes what is typed at its serial console. */
  running: string;
  /** A guest that is defined and does not run. */
  stopped: string;
  /** Cuts the power of the running guest. */
  cutPower(): Promise<void>;
}

const unknown = '0a1b2c3d-1111-4222-8333-00000000dead';

/** `make` returns a world of the test's own. */
export function describeGuestConsoles(name: string, make: () => Promise<ConsolesWorld>): void {
  describe(`guest consoles contract: ${name}`, () => {
    const opened: Duplex[] = [];
    afterEach(() => {
      for (const stream of opened.splice(0)) stream.destroy();
    });
    const open = async ({ consoles, running }: ConsolesWorld, kind: 'vnc' | 'serial') => {
      const stream = await consoles.open(running, kind);
      stream.on('error', () => undefined);
      opened.push(stream);
      return stream;
    };

    test('a display speaks RFB 3.8 without a password, and sends a picture', async () => {
      const world = await make();
      expect(await world.consoles.find(world.running, 'vnc')).toEqual({
        port: expect.any(Number),
      });
      const display = await open(world, 'vnc');
      expect(String(await readBytes(display, 12))).toBe('RFB 003.008\n');
      display.write('RFB 003.008\n');
      const [count = 0] = await readBytes(display, 1);
      expect([...(await readBytes(display, count))]).toContain(1);
      display.write(Buffer.from([1]));
      expect([...(await readBytes(display, 4))]).toEqual([0, 0, 0, 0]);
      display.write(Buffer.from([1]));
      const init = await readBytes(display, 24);
      const [width, height] = [init.readUInt16BE(0), init.readUInt16BE(2)];
      const [bitsPerPixel = 0] = init.subarray(4);
      await readBytes(display, init.readUInt32BE(20));
      expect(Math.min(width, height)).toBeGreaterThan(100);
      const request = Buffer.alloc(10);
      request[0] = 3;
      request.writeUInt16BE(width, 6);
      request.writeUInt16BE(height, 8);
      display.write(request);
      const update = await readBytes(display, 16);
      expect([update[0], update.readUInt32BE(12)]).toEqual([0, 0]);
      const pixels = update.readUInt16BE(8) * update.readUInt16BE(10);
      await readBytes(display, (pixels * bitsPerPixel) / 8);
    });

    test('what is typed at a serial console reaches the guest, whose output returns', async () => {
      const world = await make();
      expect(await world.consoles.find(world.running, 'serial')).toEqual({
        path: expect.stringMatching(/^\//),
      });
      const serial = await open(world, 'serial');
      serial.write('who is there');
      await readUntil(serial, 'who is there');
    });

    test('a console ends with its guest', async () => {
      const world = await make();
      const display = await open(world, 'vnc');
      await readBytes(display, 12);
      const closed = new Promise((resolve) => {
        for (const event of ['end', 'close']) display.once(event, resolve);
      });
      display.resume();
      await world.cutPower();
      await closed;
    });

    test('a guest that does not run, or does not exist, has no console', async () => {
      const { consoles, stopped } = await make();
      for (const kind of ['vnc', 'serial'] as const) {
        for (const act of ['find', 'open'] as const) {
          await expect(consoles[act](stopped, kind)).rejects.toMatchObject({ kind: 'conflict' });
          await expect(consoles[act](unknown, kind)).rejects.toMatchObject({ kind: 'notFound' });
        }
      }
    });
  });
}
