import { expect, test } from 'vitest';
import { greeting } from './greeting.ts';

const urls = {
  identity: 'http://127.0.0.1:5000/v3',
  compute: 'http://127.0.0.1:8774/v2.1',
  network: 'http://127.0.0.1:9696',
  image: 'http://127.0.0.1:9292',
};
const contents = {
  hosts: ['host-1', 'host-2'],
  simulated: true,
  problems: [],
  physicalNetworks: ['physnet1', 'physnet2'],
  images: ['tiny'],
  flavors: ['m1.small', 'm1.medium'],
};
const own = { urls, contents, cloudsYaml: '/home/me/my cloud/.novella/clouds.yaml' };
const said = (cloud: Parameters<typeof greeting>[0], isTerminal = true) =>
  greeting(cloud, { isTerminal }).join('\n');

test('of a cloud of our own: the way in from any folder, what is there, and what is not', () => {
  const text = said(own);
  expect(text).toContain(
    "OS_CLIENT_CONFIG_FILE='/home/me/my cloud/.novella/clouds.yaml' OS_CLOUD=novella",
  );
  expect(text).toContain("(or: . '/home/me/my cloud/.novella/openrc')");
  expect(text).toContain('hosts    host-1, host-2 (simulated: no real guest runs)');
  expect(text).toContain('images   tiny\n  flavors  m1.small, m1.medium\n');
  expect(text).toContain('--provider-physical-network physnet1');
  expect(text).not.toContain('password');
  const wide = text.split('\n').filter((line) => line.length > 80 && !line.includes('/my cloud/'));
  expect(wide).toEqual([]);
});

test('a host that can run nothing comes first, with the command that says why', () => {
  const problems = ['hv1: libvirt.so.0 cannot be used'];
  const text = said({ ...own, contents: { ...contents, simulated: false, problems } });
  expect(text).toMatch(/^Novella is up, but NOT ALL HOSTS CAN RUN SERVERS:\n {2}hv1: libvirt/);
  expect(text).toContain('npx novella doctor');
});

test('a fleet is named by its first hosts', () => {
  const hosts = Array.from({ length: 100 }, (_, at) => `host-${at}`);
  expect(said({ ...own, contents: { ...contents, hosts } })).toContain('host-4 and 95 more');
});

test('a new password is shown at a terminal, and nowhere else', () => {
  const first = { ...own, newPassword: 'made-now' };
  expect(said(first)).toContain(
    'The password of admin was made: made-now\n  It is not shown again.',
  );
  expect(said(first, false)).not.toContain('made-now');
});

test('among other services: what was found, what is missing, and how clients find it', () => {
  const survey = { found: ['image service at http://g'], missing: ['role `service` of the user'] };
  const lines = said({ urls, contents, cloudsYaml: '', survey });
  expect(lines).toContain(
    '  found image service at http://g\n  MISSING role `service` of the user\n',
  );
  expect(lines).toContain('keystone register --url http://HOST:8774/v2.1');
  expect(said({ urls, contents, cloudsYaml: '', survey: { found: [], missing: [] } })).toContain(
    '  nothing is missing',
  );
});
