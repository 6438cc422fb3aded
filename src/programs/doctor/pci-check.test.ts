import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { igbCapturePath } from '#integrations/simulated/machine/sysfs-tree.ts';
import { localMachine } from './pci-check.ts';

const machine = localMachine();
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a captured text equals a sysfs folder', async () => {
  const { functions } = await machine.readFunctions(igbCapturePath);
  expect(functions).toHaveLength(19);
});

test.each([
  { name: 'a path that does not exist', text: undefined, message: 'no such file' },
  {
    name: 'another text',
    text: 'rubbish',
    message: 'line 1: "rubbish" must be "/sys/PATH: VALUE"',
  },
  {
    name: 'a binary file',
    text: `\u001b[2J\uFFFD${'x'.repeat(80)}`,
    message: `line 1: "\\u001b[2J\\ufffd${'x'.repeat(45)}…" must be`,
  },
  { name: 'a text without functions', text: '# none', message: 'has no folder bus/pci/devices' },
  {
    name: 'a text that writes through a link',
    text: '/sys/a -> /tmp\n/sys/a/b: 1',
    message: 'line 2: "/sys/a/b: 1" goes through a link',
  },
])('$name is refused', async ({ text, message }) => {
  const path = text === undefined ? join(folder, 'none') : file('capture.txt', text);
  await expect(machine.readFunctions(path)).rejects.toThrow(message);
});

test('the list of a nova.conf has its lines', () => {
  const novaConf = file('nova.conf', '[pci]\nalias = {"name": "a"}\ndevice_spec = {}\n');
  expect(machine.readDeviceList({ novaConf: [novaConf] })).toEqual({
    entries: [{ text: '{}', source: `${novaConf}:3` }],
    aliases: [{ text: '{"name": "a"}', source: `${novaConf}:2` }],
  });
});

test('a folder means its *.conf files in order, beside other files', () => {
  mkdirSync(join(folder, 'conf.d'));
  file('conf.d/02.conf', '[pci]\ndevice_spec = {"devname": "b"}');
  file('conf.d/01.conf', '[pci]\ndevice_spec = {"devname": "a"}');
  file('conf.d/03.conf.rpmsave', '[pci]\ndevice_spec = {"devname": "old"}');
  const own = file('own.conf', '[pci]\ndevice_spec = {"devname": "c"}');
  const { entries } = machine.readDeviceList({ novaConf: [join(folder, 'conf.d'), own] });
  expect(entries.map(({ text }) => (JSON.parse(text) as { devname: string }).devname)).toEqual([
    'a',
    'b',
    'c',
  ]);
  mkdirSync(join(folder, 'empty.d'));
  const empty = join(folder, 'empty.d');
  expect(() => machine.readDeviceList({ novaConf: [empty] })).toThrow(
    `${empty}: is a folder without *.conf files`,
  );
});

const hosts =
  'simulated: { hosts: [{ name: a, device_spec: ["1"] }, { name: b, device_spec: ["2"] }] }';
test.each([
  { name: 'the list of the named host', text: hosts, host: 'b', gives: ['2'] },
  { name: 'the list for all', text: 'pci: { device_spec: ["3"] }', gives: ['3'] },
  {
    name: 'of another host, the list for all',
    text: `${hosts}\npci: { device_spec: ["3"] }`,
    host: 'c',
    gives: ['3'],
  },
  {
    name: 'the only list',
    text: 'simulated: { hosts: [{ name: a, device_spec: ["1"] }] }',
    gives: ['1'],
  },
])('novella.yaml gives $name', ({ text, host, gives }) => {
  const config = file('novella.yaml', text);
  const { entries } = machine.readDeviceList({ config, ...(host !== undefined && { host }) });
  expect(entries.map((entry) => entry.text)).toEqual(gives);
});

test.each([
  {
    name: 'no file',
    text: undefined,
    message: 'no device list is named: name a file with --config',
  },
  { name: 'several lists', text: hosts, message: 'choose one with --host: a, b' },
  {
    name: 'a fleet',
    text: 'simulated: { hosts: 1, pfs: 1, vfs: 1 }',
    message: 'has no device list; write one as pci.device_spec',
  },
])('$name is refused', ({ text, message }) => {
  const options = text === undefined ? {} : { config: file('novella.yaml', text) };
  expect(() => machine.readDeviceList(options)).toThrow(message);
});
