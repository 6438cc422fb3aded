import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAnswersOrRefusals } from '#test/typed-errors.ts';
import { parseAgentConfig, readAgentConfig, readToken } from './agent-config.ts';

const least = ['controller: http://192.0.2.10:8774', 'token_file: /etc/novella/token'];
const parse = (...lines: string[]) =>
  parseAgentConfig([...least, ...lines].join('\n'), 'agent.yaml');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-agent-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('all but controller and token is taken from the machine', () => {
  expect(parse()).toMatchObject({
    controllerUrls: ['http://192.0.2.10:8774'],
    token: { file: '/etc/novella/token' },
    stateDir: '/var/lib/novella',
    simulated: undefined,
    host: {
      name: hostname(),
      deviceSpec: [],
      bridgeMappings: {},
      vfCounts: {},
      reserved: { vcpus: 0, memoryMib: 512 },
      moves: { port: 8786, limits: { compression: 'zstd' } },
      libvirt: { uri: 'qemu:///system', networkXml: false },
    },
  });
});

test('several controllers are a list of addresses', () => {
  const text = (...lines: string[]) => ['controller:', ...lines, 'token: t'].join('\n');
  const both = text('  - https://192.0.2.10:8785', '  - https://192.0.2.11:8785/');
  expect(parseAgentConfig(both, 'agent.yaml').controllerUrls).toEqual([
    'https://192.0.2.10:8785',
    'https://192.0.2.11:8785',
  ]);
  expect(() => parseAgentConfig(text('  - https://a:1', '  - b'), 'agent.yaml')).toThrow(
    /^agent.yaml:3 controller\[1\]: "b": must be the address/,
  );
  expect(() => parseAgentConfig('controller: []\ntoken: t', 'agent.yaml')).toThrow(/controller/);
});

test('every key has its place', () => {
  const config = parse(
    'state_dir: /srv/novella',
    'host:',
    '  name: hv1',
    '  ip: 192.0.2.21',
    '  device_spec:',
    '    - {"devname": "enp1s0", "physical_network": "physnet1"}',
    '  bridge_mappings: { physnet2: enp2s0 }',
    '  vf_counts: { enp1s0: 7, "0000:02:00.0": 0 }',
    '  reserved: { vcpus: 1, memory_mib: 2048 }',
    '  moves: { port: 9000, max_mib_per_s: 400, max_downtime_ms: 500, max_unplug_s: 90, compression: none }',
    '  libvirt: { uri: "qemu:///session", virt_type: qemu, network_xml: true }',
  );
  expect(config).toMatchObject({
    stateDir: '/srv/novella',
    host: {
      name: 'hv1',
      ip: '192.0.2.21',
      deviceSpec: [
        {
          text: '{"devname":"enp1s0","physical_network":"physnet1"}',
          source: 'agent.yaml:8 host.device_spec[0]',
        },
      ],
      bridgeMappings: { physnet2: 'enp2s0' },
      vfCounts: { enp1s0: 7, '0000:02:00.0': 0 },
      reserved: { vcpus: 1, memoryMib: 2048 },
      moves: {
        ...{ address: '192.0.2.21', port: 9000 },
        limits: { maxMibPerS: 400, maxDowntimeMs: 500, maxUnplugS: 90, compression: 'none' },
      },
      libvirt: { uri: 'qemu:///session', virtType: 'qemu', networkXml: true },
    },
  });
});

test('a simulated machine has the configured size', () => {
  expect(parse('simulated: { vcpus: 2 }').simulated).toEqual({
    vcpus: 2,
    memoryMib: 16_384,
    diskGib: 200,
  });
});

test.each([
  { given: ['nova: 1'], message: 'agent.yaml:3 nova: is not a key of the configuration' },
  {
    given: ['host: { nam: x }'],
    message: 'agent.yaml:3 host.nam: is not a key of the configuration',
  },
  { given: ['host: { name: "a b" }'], message: 'agent.yaml:3 host.name: must match pattern' },
  {
    given: ['host:', '  vf_counts: { enp1s0: 257 }'],
    message: 'agent.yaml:4 host.vf_counts.enp1s0: must be <= 256',
  },
  {
    given: ['host: { moves: { max_mib_per_s: 0 } }'],
    message: 'agent.yaml:3 host.moves.max_mib_per_s: must be >= 1',
  },
  {
    given: ['host: { moves: { max_downtime_ms: 2000001 } }'],
    message: 'agent.yaml:3 host.moves.max_downtime_ms: must be <= 2000000',
  },
  {
    given: ['host: { moves: { compression: gzip } }'],
    message: 'agent.yaml:3 host.moves.compression: must be zstd or none',
  },
  {
    given: ['host: { libvirt: { virt_type: xen } }'],
    message: 'agent.yaml:3 host.libvirt.virt_type: must be auto or kvm or qemu',
  },
  {
    given: ['token: abc'],
    message: 'agent.yaml:3 token: is not allowed together with token_file: remove one of the two',
  },
  {
    given: ['simulated: {}', 'host: { libvirt: {} }'],
    message: 'agent.yaml:3 simulated: a simulated machine has no libvirt: leave out one of the two',
  },
])('$given is refused', ({ given, message }) => {
  expect(() => parse(...given)).toThrow(message);
});

test('a host that has joined needs no token', () => {
  expect(parseAgentConfig('controller: https://x', 'a.yaml').token).toBeUndefined();
  expect(readToken(undefined)).toBeUndefined();
});

test('with an invalid address, nothing starts', () => {
  for (const address of ['192.0.2.1', 'ftp://x', 'http://x:8774/v2.1']) {
    expect(() => parseAgentConfig(`controller: ${address}\ntoken: t`, 'a.yaml')).toThrow(
      `a.yaml:1 controller: "${address}": must be the address of the controller's port for hosts`,
    );
  }
});

test('a token is read when it is needed, and an invalid token is refused', () => {
  const file = join(folder, 'token');
  expect(() => readToken({ file })).toThrow(`${file}: no such file`);
  writeFileSync(file, '\n');
  expect(() => readToken({ file })).toThrow(`${file}: is empty`);
  writeFileSync(file, 'secret\n');
  expect(readToken({ file })).toBe('secret');
  expect(readToken({ text: 'other' })).toBe('other');
});

test('a missing file is refused', () => {
  expect(() => readAgentConfig('/nowhere.yaml')).toThrow('/nowhere.yaml: no such file');
});

test('any text is a configuration or refused with the typed error', () => {
  const word = fc.constantFrom('controller:', 'token:', 'host:', '- ', '\n', '  ', '{', '}', '*a');
  const text = fc.array(fc.oneof(word, fc.string())).map((pieces) => pieces.join(''));
  expectAnswersOrRefusals(text, least.join('\n'), (given) => parseAgentConfig(given, 'x'));
});
