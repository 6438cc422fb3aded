import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { freshFile } from '#test/fresh-file.ts';
import { expectAnswerOrRefusal } from '#test/typed-errors.ts';
import { parseConfig, readConfig } from './config.ts';

function listsOf(text: string): Record<string, string[]> {
  const { simulated } = parseConfig(text, 'novella.yaml');
  const hosts = simulated.kind === 'captured' ? simulated.hosts : [];
  return Object.fromEntries(
    hosts.map(({ name, deviceSpec }) => [
      name,
      deviceSpec.map((entry) => `${entry.source} = ${entry.text}`),
    ]),
  );
}

test('a host without a device list of its own has the one of pci, with the line of each entry', () => {
  const text = [
    'pci:',
    '  device_spec:',
    '    - {"devname": "enp1s0"}',
    '    - \'[{"devname": "enp2s0"}]\'',
    'simulated:',
    '  hosts:',
    '    - name: one',
    '    - name: two',
    '      device_spec:',
    '        - vendor_id: "8086"',
  ].join('\n');
  expect(listsOf(text)).toEqual({
    one: [
      'novella.yaml:3 pci.device_spec[0] = {"devname":"enp1s0"}',
      'novella.yaml:4 pci.device_spec[1] = [{"devname": "enp2s0"}]',
    ],
    two: ['novella.yaml:10 simulated.hosts[1].device_spec[0] = {"vendor_id":"8086"}'],
  });
});

test('without any list the built-in one offers both cards', () => {
  expect(Object.values(listsOf('{}')).flat()).toHaveLength(4);
  expect(readConfig().deviceSpec).toBeUndefined();
});

test('allocation ratios that are not told stay as they are', () => {
  expect(parseConfig('allocation_ratio: { vcpus: 8 }', 'x').allocationRatios).toEqual({
    vcpus: 8,
    memory: 1,
    disk: 1,
  });
});

test.each([
  { given: 'pci: {\n', says: 'novella.yaml: ' },
  { given: 'pci:\n  device_spec: 1', says: 'novella.yaml:2 pci.device_spec: must be array' },
  { given: 'a: 1', says: 'novella.yaml:1 a: is not a key of the configuration' },
  {
    given: 'allocation_ratio:\n  disk: 0',
    says: 'novella.yaml:2 allocation_ratio.disk: must be >',
  },
])('$given is refused', ({ given, says }) => {
  expect(() => parseConfig(given, 'novella.yaml')).toThrow(says);
});

test('a file that is none is refused', () => {
  expect(() => readConfig('/nowhere.yaml')).toThrow('/nowhere.yaml: no such file');
  expect(() => readConfig('/')).toThrow('/: cannot be read (EISDIR)');
});

test('any text is a configuration or refused with the typed error', () => {
  const word = fc.constantFrom(
    'pci:',
    'device_spec:',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '&a ',
    '*a',
    '"',
  );
  const text = fc.array(fc.oneof(word, fc.string())).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (given) => {
      expectAnswerOrRefusal(() => parseConfig(given, 'x'));
    }),
  );
});

test('the services of a real OpenStack are named in one section, with the usual project and domains', () => {
  const section = 'openstack: { auth_url: "http://keystone/v3", username: novella, password: s }';
  expect(parseConfig(section, 'x').openstack).toMatchObject({
    authUrl: 'http://keystone/v3',
    user: {
      username: 'novella',
      password: 's',
      projectName: 'service',
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
  });
  expect(parseConfig(section, 'x').openstack?.plugTimeoutMs).toBe(300_000);
  const soon = section.replace('}', ', plug_timeout: 0.5 }');
  expect(parseConfig(soon, 'x').openstack?.plugTimeoutMs).toBe(500);
  expect(parseConfig('{}', 'x').openstack).toBeUndefined();
});

test('times of the section openstack are in seconds', () => {
  const limits = 'timeout: 5, connections: 3, token_cache_time: 0';
  const section = `openstack: { auth_url: "http://k", username: u, password: s, ${limits} }`;
  expect(parseConfig(section, 'x').openstack).toMatchObject({
    timeoutMs: 5_000,
    connections: 3,
    tokenCacheMs: 0,
  });
});

test.each([
  { text: 'nothing', says: 'no certificate in it; it must be a PEM file' },
  {
    text: '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n',
    says: 'certificate 1 of it cannot be read',
  },
])('a ca_file is looked at before it is used: $says', ({ text, says }) => {
  const file = freshFile('ca.pem');
  writeFileSync(file, text);
  const section = `openstack: { auth_url: "https://k", username: u, password: s, ca_file: ${file} }`;
  expect(() => parseConfig(section, 'x')).toThrow(`${file}: ${says}`);
});

test.each([
  { given: 'auth_url: keystone, username: u, password: p', says: 'x:1 openstack.auth_url: ' },
  {
    given: 'auth_url: "http://k", username: u, password: p, plug_timeout: -1',
    says: 'x:1 openstack.plug_timeout: must be >= 0',
  },
  { given: 'auth_url: "http://k", username: u', says: 'x:1 openstack: must have either password' },
  {
    given: 'auth_url: "http://k", username: u, password: p, password_file: f',
    says: 'x:1 openstack: must have either password or password_file',
  },
  {
    given: 'auth_url: "http://k", username: u, password_file: nowhere',
    says: 'nowhere: no such file',
  },
  { given: 'auth_url: "http://k", username: u, password: p, tls: no', says: 'x:1 openstack' },
])('the section openstack is checked: $given', ({ given, says }) => {
  expect(() => parseConfig(`openstack: { ${given} }`, 'x')).toThrow(says);
});
