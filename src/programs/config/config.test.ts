import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { limitsOf, noLimits, standardLimits } from '#core/quotas/limits.ts';
import { freshFile } from '#test/fresh-file.ts';
import { expectAnswersOrRefusals } from '#test/typed-errors.ts';
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

test('a host without a device list of its own uses the one of pci, with the line of each entry', () => {
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

test('the policy file is named, or beside the configuration', () => {
  expect(parseConfig('policy_file: /etc/rules.yaml', 'x').policyFile).toEqual({
    path: '/etc/rules.yaml',
    isNamed: true,
  });
  expect(parseConfig('', '/etc/novella/novella.yaml').policyFile).toEqual({
    path: '/etc/novella/policy.yaml',
    isNamed: false,
  });
  expect(readConfig().policyFile).toBeUndefined();
  expect(() => parseConfig('policy_file: 7', 'x')).toThrow('x:1 policy_file: must be text');
});

test('weights that are not configured stay at 1', () => {
  expect(parseConfig('scheduler: { weights: { pci: 0, ram: -2 } }', 'x').weights).toEqual({
    cpu: 1,
    ram: -2,
    disk: 1,
    pci: 0,
    soft_affinity: 1,
    soft_anti_affinity: 1,
  });
});

test('allocation ratios that are not configured keep their defaults', () => {
  expect(parseConfig('allocation_ratio: { vcpus: 8 }', 'x').allocationRatios).toEqual({
    vcpus: 8,
    memory: 1,
    disk: 1,
  });
});

test('the disk reserve is configured in MiB', () => {
  expect(parseConfig('{}', 'x').keepFreeBytes).toBeUndefined();
  expect(parseConfig('keep_free: 2', 'x').keepFreeBytes).toBe(2_097_152);
  expect(parseConfig('keep_free: 0', 'x').keepFreeBytes).toBe(0);
  expect(() => parseConfig('keep_free: -1', 'x')).toThrow('x:1 keep_free: must be >= 0');
});

test('the ages after which deleted servers are pruned are in days', () => {
  const day = 86_400_000;
  expect(parseConfig('{}', 'x').kept).toEqual({ historyMs: 30 * day, serversMs: undefined });
  const text = 'keep_history: 0\nkeep_deleted_servers: 2';
  expect(parseConfig(text, 'x').kept).toEqual({ historyMs: 0, serversMs: 2 * day });
  expect(() => parseConfig('keep_history: -1', 'x')).toThrow('x:1 keep_history: must be >= 0');
});

test('quotas that are not configured are those of Nova and Neutron, and operators have none in an embedded identity service', () => {
  const text =
    'quotas: { default: { cores: 8 }, projects: { demo: { ports: -1 }, admin: { images: 7 } } }';
  const { quotas } = parseConfig(text, 'x');
  const of = (name: string) => limitsOf(quotas, { id: 'some id', name });
  expect(of('other')).toEqual({ ...standardLimits, cores: 8 });
  expect(of('demo')).toEqual({ ...standardLimits, cores: 8, ports: -1 });
  expect(of('admin')).toEqual({ ...noLimits, images: 7 });
  expect(quotas.serversPerRequest).toBe(100);
});

test("a real Keystone's project named admin is a project like others", () => {
  const text = 'openstack: { auth_url: "http://k", username: u, password: s }';
  const { quotas } = parseConfig(text, 'x');
  expect(limitsOf(quotas, { id: 'some id', name: 'admin' })).toEqual(standardLimits);
});

test.each([
  {
    given: 'quotas:\n  default:\n    instances: -2',
    message: 'novella.yaml:3 quotas.default.instances: must be >= -1',
  },
  {
    given: 'quotas:\n  projects:\n    demo:\n      cores: many',
    message: 'novella.yaml:4 quotas.projects.demo.cores: must be a whole number',
  },
  {
    given: 'quotas: { default: { volumes: 1 } }',
    message: 'novella.yaml:1 quotas.default.volumes: is not a key of the configuration',
  },
  {
    given: 'quotas:\n  servers_per_request: 0',
    message: 'novella.yaml:2 quotas.servers_per_request: must be >= 1',
  },
  { given: 'pci: {\n', message: 'novella.yaml:2:1: ' },
  { given: 'ports:\n\tcompute: 1', message: 'novella.yaml:2:1: Tabs are not allowed' },
  { given: 'a: 1\na: 2', message: 'novella.yaml:2:1: Map keys must be unique' },
  { given: 'state_dir:.novella', message: 'novella.yaml:1: must be keys with values' },
  { given: '- a', message: 'novella.yaml:1: must be keys with values' },
  { given: 'ports: 1', message: 'novella.yaml:1 ports: must be keys with values' },
  {
    given: 'database: novella.sqlite',
    message: 'novella.yaml:1 database: must match pattern',
  },
  { given: 'listen: 127', message: 'novella.yaml:1 listen: must be text' },
  {
    given: 'allow_clear_text: 1',
    message: 'novella.yaml:1 allow_clear_text: must be true or false',
  },
  { given: 'prots: {}', message: 'prots: is not a key of the configuration; did you mean ports?' },
  {
    given: 'simulated: { hosts: [{ nmae: one }] }',
    message: 'hosts[0].nmae: is not a key of the configuration; did you mean name?',
  },
  { given: 'pci:\n  device_spec: 1', message: 'novella.yaml:2 pci.device_spec: must be a list' },
  { given: 'a: 1', message: 'novella.yaml:1 a: is not a key of the configuration' },
  {
    given: 'scheduler:\n  weights: { memory: 1 }',
    message: 'novella.yaml:2 scheduler.weights.memory: is not a key',
  },
  {
    given: 'scheduler: { weights: { cpu: much } }',
    message: 'novella.yaml:1 scheduler.weights.cpu: must be a number',
  },
  {
    given: 'allocation_ratio:\n  disk: 0',
    message: 'novella.yaml:2 allocation_ratio.disk: must be >',
  },
])('$given is refused', ({ given, message }) => {
  expect(() => parseConfig(given, 'novella.yaml')).toThrow(message);
});

test('a missing file is refused', () => {
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
  expectAnswersOrRefusals(text, 'listen: 192.0.2.1\nallow_clear_text: true', (given) =>
    parseConfig(given, 'x'),
  );
});

test('the services of a real OpenStack are configured in one section, with the usual project and domains', () => {
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

const cloudsYaml = `clouds:
  prod:
    auth: { auth_url: "https://prod/v3", username: nova, password: p, project_name: services }
    region_name: north
    interface: internal
`;

/** A folder with this clouds.yaml, for the time of the action. */
function besideCloudsYaml<T>(act: (workingFolder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'novella-config-'));
  try {
    writeFileSync(join(folder, 'clouds.yaml'), cloudsYaml);
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const shell = {
  OS_AUTH_URL: 'http://shell/v3',
  OS_USERNAME: 'me',
  OS_PASSWORD: 'mine',
  OS_PROJECT_NAME: 'my-project',
  OS_REGION_NAME: 'south',
};
const whole = 'auth_url: "http://k", username: u, password: p';

test.each([
  {
    title: 'a complete section: the shell is ignored',
    given: whole,
    variables: shell,
    is: { authUrl: 'http://k', user: { projectName: 'service' }, region: undefined },
  },
  {
    title: 'a named cloud: its clouds.yaml is used, the shell is not',
    given: 'cloud: prod',
    variables: shell,
    is: {
      authUrl: 'https://prod/v3',
      user: { username: 'nova', projectName: 'services' },
      region: 'north',
      interface: 'internal',
    },
  },
  {
    title: 'a key of the section takes precedence over the cloud that it names',
    given: 'cloud: prod, region: west, password: q',
    variables: {},
    is: { user: { username: 'nova', password: 'q' }, region: 'west' },
  },
  {
    title: 'the environment is selected, and fills missing values',
    given: 'from: environment, project_name: service',
    variables: shell,
    is: {
      authUrl: 'http://shell/v3',
      user: { username: 'me', projectName: 'service' },
      region: 'south',
    },
  },
  {
    title: 'OS_CLOUD names a cloud, and takes precedence over the other variables',
    given: 'from: environment',
    variables: { ...shell, OS_CLOUD: 'prod' },
    is: { authUrl: 'https://prod/v3', region: 'north' },
  },
  {
    title: 'an application credential is a user, and has its project',
    given: 'auth_url: "http://k", application_credential_id: i, application_credential_secret: s',
    variables: {},
    is: { user: { applicationCredentialId: 'i', applicationCredentialSecret: 's' } },
  },
])('precedence of sources in section openstack: $title', ({ given, variables, is }) => {
  besideCloudsYaml((workingFolder) => {
    const surroundings = { variables, workingFolder, home: workingFolder };
    expect(parseConfig(`openstack: { ${given} }`, 'x', surroundings).openstack).toMatchObject(is);
  });
});

test.each([
  { text: 'nothing', message: 'no certificate in it; it must be a PEM file' },
  {
    text: '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n',
    message: 'certificate 1 of it cannot be read',
  },
])('a ca_file is checked before it is used: $message', ({ text, message }) => {
  const file = freshFile('ca.pem');
  writeFileSync(file, text);
  const section = `openstack: { auth_url: "https://k", username: u, password: s, ca_file: ${file} }`;
  expect(() => parseConfig(section, 'x')).toThrow(`${file}: ${message}`);
});

test.each([
  { given: 'cloud: other', message: /^x:1 openstack\.cloud: .*has no cloud "other"; it has prod$/ },
  {
    given: 'cloud: prod, from: environment',
    message: /^x:1 openstack\.from: is not allowed together with cloud/,
  },
  { given: '', message: /^x:1 openstack: must have cloud.*auth_url.*environment/ },
  {
    given: 'from: environment',
    message: /^x:1 openstack, with the OS_\* variables: auth_url is missing/,
  },
  { given: `${whole}, ca_file: /dev/null`, message: /^\/dev\/null: no certificate in it/ },
  { given: `${whole}, ca_file: nowhere.pem`, message: /nowhere\.pem: cannot be read.*ENOENT/ },
  { given: 'from: shell', message: /^x:1 openstack\.from: must be/ },
  { given: `${whole}, timeout: 0`, message: /^x:1 openstack\.timeout: / },
])('an unknown cloud is reported with place and rule: $given', ({ given, message }) => {
  besideCloudsYaml((workingFolder) => {
    const surroundings = { variables: {}, workingFolder, home: workingFolder };
    expect(() => parseConfig(`openstack: { ${given} }`, 'x', surroundings)).toThrow(message);
  });
});

test.each([
  { given: 'auth_url: keystone, username: u, password: p', message: 'x:1 openstack.auth_url: ' },
  {
    given: 'auth_url: "http://k", username: u, password: p, plug_timeout: -1',
    message: 'x:1 openstack.plug_timeout: must be >= 0',
  },
  { given: 'auth_url: "http://k", username: u', message: 'x:1 openstack: password is missing' },
  {
    given: 'auth_url: "http://k", username: u, password: p, password_file: f',
    message: 'x:1 openstack: must have either password or password_file',
  },
  {
    given: 'auth_url: "http://k", username: u, password_file: nowhere',
    message: 'nowhere: no such file',
  },
  { given: 'auth_url: "http://k", username: u, password: p, tls: no', message: 'x:1 openstack' },
])('the section openstack is checked: $given', ({ given, message }) => {
  expect(() => parseConfig(`openstack: { ${given} }`, 'x')).toThrow(message);
});
