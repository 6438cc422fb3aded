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
  usable: 2,
  notes: [],
  physicalNetworks: ['physnet1', 'physnet2'],
  images: ['tiny'],
  flavors: ['m1.small', 'm1.medium'],
  kept: { networks: 0, servers: 0 },
};
const own = { urls, contents, cloudsYaml: '/home/me/my cloud/.novella/clouds.yaml' };
const messages = (cloud: Parameters<typeof greeting>[0], isTerminal = true) =>
  greeting(cloud, { isTerminal }).join('\n');

test('an embedded cloud: shows how to connect, and its content', () => {
  const text = messages(own);
  expect(text).toContain(
    "OS_CLIENT_CONFIG_FILE='/home/me/my cloud/.novella/clouds.yaml'\n  export OS_CLOUD=novella\n",
  );
  expect(text).toContain("(or: . '/home/me/my cloud/.novella/openrc')");
  expect(text).toContain('hosts    host-1, host-2 (simulated: no real guest runs)');
  expect(text).toContain('images   tiny\n  flavors  m1.small, m1.medium\n');
  expect(text).toContain('--provider-physical-network physnet1');
  expect(text).not.toContain('password');
  const wide = text.split('\n').filter((line) => line.length > 80 && !line.includes('/my cloud/'));
  expect(wide).toEqual([]);
});

test('a host that cannot run guests comes first, with the command that shows why', () => {
  const problems = ['hv1: libvirt.so.0 cannot be used'];
  const text = messages({ ...own, contents: { ...contents, simulated: false, problems } });
  expect(text).toMatch(/^Novella is up, but NOT ALL HOSTS CAN RUN ALL SERVERS:\n {2}hv1: libvirt/);
  expect(text).toContain('npx novella doctor');
});

test('one machine that cannot run guests, without physical network and KVM, in 80 columns', () => {
  const silent = 'vm: the hypervisor does not answer: libvirtd at qemu:///system does not answer';
  const notes = ['vm: no /dev/kvm: guests are emulated, some 20 times slower (enable VT-x)'];
  const one = { ...contents, simulated: false, hosts: ['vm'], physicalNetworks: [], notes };
  const text = messages({ ...own, contents: { ...one, problems: [silent], usable: 0 } });
  expect(text).toMatch(/^Novella is up, but NO HOST CAN RUN SERVERS:\n {2}vm: the hypervisor/);
  expect(text).toContain('Note: vm: no /dev/kvm');
  expect(text).toContain('host.bridge_mappings');
  expect(text).not.toContain('openstack network create');
  const wide = text.split('\n').filter((line) => line.length > 80 && !line.includes('/my cloud/'));
  expect(wide).toEqual([]);
});

test('a cloud with networks of an earlier start: its content in place of the first steps', () => {
  const text = messages({ ...own, contents: { ...contents, kept: { networks: 1, servers: 8 } } });
  expect(text).toContain('It has 1 network and 8 servers, kept from before:');
  expect(text).toContain('  openstack server list --all-projects\n  npx novella status\n');
  expect(text).not.toContain('openstack network create');
});

test('a fleet is named by its first hosts', () => {
  const hosts = Array.from({ length: 100 }, (_, at) => `host-${at}`);
  expect(messages({ ...own, contents: { ...contents, hosts } })).toContain('host-4 and 95 more');
});

test('a new password is printed on a terminal, and nowhere else', () => {
  const first = { ...own, newPassword: 'made-now' };
  expect(messages(first)).toContain(
    'The password of admin was generated: made-now\n  It is not shown again.',
  );
  expect(messages(first, false)).not.toContain('made-now');
});

test('among other services: what was found, what is missing, and how clients find it', () => {
  const survey = { found: ['image service at http://g'], missing: ['role `service` of the user'] };
  const lines = messages({ urls, contents, cloudsYaml: '', survey });
  expect(lines).toContain(
    '  found image service at http://g\n  MISSING role `service` of the user\n',
  );
  expect(lines).toMatch(/^Novella is up, but something is MISSING\.\n/);
  expect(lines).toContain('keystone register --url http://HOST:8774/v2.1');
  expect(
    messages({ urls, contents, cloudsYaml: '', survey: { found: [], missing: [] } }),
  ).toContain('  nothing is missing');
});
