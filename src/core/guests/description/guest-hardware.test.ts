import { expect, test } from 'vitest';
import { diskName, guestHardware, videoModel } from './guest-hardware.ts';

test.each([
  { properties: {}, hardware: { machine: 'q35', diskBus: 'virtio' }, disk: 'vda' },
  {
    properties: { hw_machine_type: 'pc-q35-9.2', hw_disk_bus: 'SATA' },
    hardware: { machine: 'pc-q35-9.2', diskBus: 'sata' },
    disk: 'sda',
  },
  {
    properties: { hw_machine_type: 'q35', hw_disk_bus: 'scsi' },
    hardware: { machine: 'q35', diskBus: 'scsi' },
    disk: 'sda',
  },
  {
    properties: { hw_video_model: 'None' },
    hardware: { machine: 'q35', diskBus: 'virtio', video: 'none' },
    disk: 'vda',
  },
])('$properties: $hardware', ({ properties, hardware, disk }) => {
  const verdict = guestHardware(properties);
  expect(verdict).toEqual({ ok: true, hardware });
  expect(verdict.ok && diskName(verdict.hardware.diskBus)).toBe(disk);
});

test.each([
  [{ hw_machine_type: 'pc' }, 'hw_machine_type "pc": must be q35 or one of its versions'],
  [{ hw_machine_type: "q35'/><evil" }, 'hw_machine_type "q35\'/><evil": must be q35'],
  [{ hw_disk_bus: 'ide' }, 'hw_disk_bus "ide": must be one of virtio, scsi, sata'],
])('%o is refused', (properties, expected) => {
  expect(guestHardware(properties)).toMatchObject({
    ok: false,
    reasons: [{ message: expect.stringContaining(expected) }],
  });
});

test('an unsupported video device is refused for new servers; one that exists gets a VGA', () => {
  const properties = { hw_video_model: 'xen' };
  expect(videoModel(properties)).toMatchObject({
    ok: false,
    reasons: [{ message: expect.stringContaining('"xen": must be one of vga, virtio') }],
  });
  expect(videoModel({ hw_video_model: 'QXL' })).toEqual({ ok: true });
  expect(guestHardware(properties)).toEqual({
    ok: true,
    hardware: { machine: 'q35', diskBus: 'virtio' },
  });
});
