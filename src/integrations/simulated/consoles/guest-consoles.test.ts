import { describeGuestConsoles } from '#contracts/host/guest-consoles.contract.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { readBytes } from '#test/consoles/read-stream.ts';
import { expect, test } from 'vitest';
import { SimulatedHypervisor } from '../hypervisor.ts';
import { simulatedHost } from '../simulated-host.ts';
import { SimulatedConsoles } from './guest-consoles.ts';
import { formatBytes, pixel, usualFormat } from './pixel-format.ts';
import { displaySize } from './rfb-server.ts';

const stopped = '0a1b2c3d-1111-4222-8333-000000000002';

async function aWorld() {
  const host = simulatedHost('host-1', []);
  const hypervisor = new SimulatedHypervisor({ host, domainXml: () => '<domain/>' });
  const guest = aGuest();
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  await hypervisor.define(aGuest({ id: stopped }), {});
  const consoles = new SimulatedConsoles(hypervisor);
  const cutPower = () => hypervisor.destroy(guest.id);
  return { consoles, running: guest.id, stopped, cutPower };
}

describeGuestConsoles('simulated', aWorld);

/** A display after its handshake. */
async function aDisplay() {
  const { consoles, running } = await aWorld();
  const display = await consoles.open(running, 'vnc');
  await readBytes(display, 12);
  display.write('RFB 003.008\n');
  await readBytes(display, 2);
  display.write(Buffer.from([1]));
  await readBytes(display, 4);
  display.write(Buffer.from([1]));
  const init = await readBytes(display, 24);
  await readBytes(display, init.readUInt32BE(20));
  return display;
}

const { width, height } = displaySize;
const updateRequest = (isIncremental: boolean) =>
  Buffer.from([3, isIncremental ? 1 : 0, 0, 0, 0, 0, width >> 8, width & 255, 0, height]);
const key = Buffer.from([4, 1, 0, 0, 0, 0, 0, 97]);
const white = pixel([255, 255, 255], usualFormat);

test('a pressed key changes the picture for a client that waits for a change', async () => {
  const display = await aDisplay();
  display.write(updateRequest(false));
  const before = await readBytes(display, 16 + width * height * 4);
  display.write(updateRequest(true));
  display.write(key);
  const after = await readBytes(display, 16 + width * height * 4);
  expect(before.subarray(16, 20).equals(white)).toBe(false);
  expect(after.subarray(16, 20).equals(white)).toBe(true);
});

test('a picture has the pixel format that the client has set', async () => {
  const display = await aDisplay();
  const rgb565 = formatBytes({
    bytesPerPixel: 2,
    isBigEndian: true,
    max: [31, 63, 31],
    shift: [11, 5, 0],
  });
  display.write(Buffer.concat([Buffer.alloc(4), rgb565]));
  display.write(key);
  display.write(updateRequest(false));
  const update = await readBytes(display, 16 + width * height * 2);
  expect(update.subarray(16, 18).toString('hex')).toBe('ffff');
  expect(update.subarray(-2).toString('hex')).not.toBe('ffff');
});

test.each([
  ['a message that does not exist', Buffer.from([99])],
  ['a clipboard that is too long', Buffer.from([6, 0, 0, 0, 127, 0, 0, 0])],
  ['colours from a map', Buffer.concat([Buffer.alloc(4), Buffer.from([8]), Buffer.alloc(15)])],
])('%s ends the connection', async (_name, bytes) => {
  const display = await aDisplay();
  const ended = new Promise((resolve) => {
    display.once('end', resolve);
  });
  display.resume();
  display.write(bytes);
  await ended;
});
