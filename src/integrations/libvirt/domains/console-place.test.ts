import { expect, test } from 'vitest';
import { consolePlace } from './console-place.ts';

const domain = (...devices: string[]) =>
  `<domain type='kvm' id='3'><devices>${devices.join('')}</devices></domain>`;
const vnc = "<graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'/>";
const pty = "<serial type='pty'><source path='/dev/pts/4'/><target port='0'/></serial>";

test.each([
  ['vnc', [vnc, pty], { port: 5901 }],
  ['vnc', ["<graphics type='spice' port='5900'/>", vnc], { port: 5901 }],
  ['vnc', ["<graphics type='vnc' port='-1' autoport='yes'/>"], null],
  ['vnc', ["<graphics type='vnc' socket='/run/x'/>"], null],
  ['vnc', [pty], null],
  ['serial', [vnc, pty], { path: '/dev/pts/4' }],
  ['serial', [pty, pty.replace('pts/4', 'pts/5')], { path: '/dev/pts/4' }],
  ['serial', ["<serial type='pty'><target port='0'/></serial>"], null],
  ['serial', ["<serial type='pty'><source path='/dev/sda'/></serial>"], null],
  ['serial', ["<serial type='file'><source path='/dev/pts/4'/></serial>"], null],
  ['serial', [], null],
] as const)('%s console of %o: %o', (kind, devices, place) => {
  expect(consolePlace(domain(...devices), kind)).toEqual(place);
});
