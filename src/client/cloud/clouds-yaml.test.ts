import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findCloud, readCloud, type WrittenCloud, writeCloudsYaml } from './clouds-yaml.ts';

const cloud: WrittenCloud = {
  authUrl: 'http://127.0.0.1:5000/v3',
  username: 'admin',
  password: 'secret',
  projectName: 'admin',
  userDomainName: 'Default',
  projectDomainName: 'Default',
};
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-clouds-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const surroundings = (variables: Record<string, string>, workingFolder = folder) => ({
  variables,
  workingFolder,
  home: join(folder, 'home'),
});

test('a written clouds.yaml is read back the same, and only its owner may read it', () => {
  const path = join(folder, 'made', 'clouds.yaml');
  writeCloudsYaml(path, { novella: cloud });
  expect(readCloud(path)).toEqual({
    ...cloud,
    region: 'RegionOne',
    interface: 'public',
  });
  expect(statSync(path).mode & 0o077).toBe(0);
});

test('the first clouds.yaml of the search path is used: variable, working folder, .novella, home', () => {
  const work = join(folder, 'search');
  const places = [
    join(folder, 'home', '.config', 'openstack', 'clouds.yaml'),
    join(work, '.novella', 'clouds.yaml'),
    join(work, 'clouds.yaml'),
    join(folder, 'named.yaml'),
  ];
  const found = places.map((path, at) => {
    writeCloudsYaml(path, { novella: { ...cloud, username: `user-${at}` } });
    const variables = at === 3 ? { OS_CLIENT_CONFIG_FILE: path } : {};
    return findCloud(surroundings(variables, work));
  });
  expect(found).toMatchObject([0, 1, 2, 3].map((at) => ({ username: `user-${at}` })));
});

test('where no clouds.yaml is found, each place is named once, with what hides it', () => {
  const work = join(folder, 'nothing');
  const hidden = join(work, '.novella', 'clouds.yaml');
  mkdirSync(join(work, '.novella'), { recursive: true });
  symlinkSync(hidden, hidden);
  const find = () =>
    findCloud({ ...surroundings({ OS_CLIENT_CONFIG_FILE: hidden }, work), home: work });
  const places = [`${hidden} (ELOOP)`, join(work, 'clouds.yaml')].join(', ');
  expect(find).toThrow(`no clouds.yaml is at ${places}, ${join(work, '.config')}`);
});

test('OS_* variables are a cloud of their own, with the default domains', () => {
  const found = findCloud(
    surroundings({
      OS_AUTH_URL: 'http://keystone:5000',
      OS_USERNAME: 'demo',
      OS_PASSWORD: 'pw',
      OS_PROJECT_NAME: 'demo',
    }),
  );
  expect(found).toEqual({
    authUrl: 'http://keystone:5000',
    username: 'demo',
    password: 'pw',
    projectName: 'demo',
    userDomainName: 'Default',
    projectDomainName: 'Default',
  });
});

test('variables may name region, interface, authorities, and an application credential', () => {
  const found = findCloud(
    surroundings({
      OS_AUTH_URL: 'https://keystone:5000',
      OS_APPLICATION_CREDENTIAL_ID: 'a1',
      OS_APPLICATION_CREDENTIAL_SECRET: 'secret',
      OS_REGION_NAME: 'north',
      OS_INTERFACE: 'internalURL',
      OS_CACERT: '/etc/ca.pem',
    }),
  );
  expect(found).toEqual({
    authUrl: 'https://keystone:5000',
    applicationCredentialId: 'a1',
    applicationCredentialSecret: 'secret',
    region: 'north',
    interface: 'internal',
    caFile: '/etc/ca.pem',
  });
});

test('the cloud’s entry in a secure.yaml is merged, and takes precedence', () => {
  const work = join(folder, 'secure');
  writeCloudsYaml(join(work, 'clouds.yaml'), { novella: cloud, other: cloud });
  const secure = 'clouds: {novella: {auth: {password: hidden}, cacert: ~/ca.pem}}';
  writeFileSync(join(work, 'secure.yaml'), secure);
  expect(findCloud(surroundings({}, work))).toMatchObject({
    password: 'hidden',
    caFile: join(folder, 'home', 'ca.pem'),
  });
  expect(findCloud(surroundings({}, work), { name: 'other', values: {} })).toMatchObject({
    password: 'secret',
  });
});

test('OS_CLOUD names an entry, and takes precedence over OS_AUTH_URL', () => {
  const path = join(folder, 'two.yaml');
  const auth = 'auth_url: http://k, password: 1, project_name: p';
  writeFileSync(
    path,
    `clouds:\n  a: {auth: {${auth}, username: ann}}\n  b: {auth: {${auth}, username: bob}}\n`,
  );
  const found = findCloud(
    surroundings({ OS_CLIENT_CONFIG_FILE: path, OS_CLOUD: 'b', OS_AUTH_URL: 'http://other' }),
  );
  expect(found).toMatchObject({ username: 'bob', password: '1' });
});

test('a compute endpoint may be named beside a cloud, for as long as the catalog leads elsewhere', () => {
  const work = join(folder, 'override');
  writeCloudsYaml(join(work, 'clouds.yaml'), { novella: cloud });
  const variables = { OS_COMPUTE_ENDPOINT_OVERRIDE: 'http://c/v2.1', OS_USERNAME: 'somebody' };
  const found = findCloud(surroundings(variables, work));
  expect(found).toMatchObject({ computeUrl: 'http://c/v2.1', username: cloud.username });
});

const refused: { name: string; yaml: string | null; cloud?: string; message: RegExp }[] = [
  { name: 'no file anywhere', yaml: null, message: /clouds\.yaml.*OS_AUTH_URL.*novella up/ },
  {
    name: 'unknown entry',
    yaml: 'clouds: {a: {}, b: {}}',
    cloud: 'c',
    message: /no cloud "c"; it has a, b/,
  },
  { name: 'two entries, none named', yaml: 'clouds: {a: {}, b: {}}', message: /OS_CLOUD/ },
  { name: 'no clouds', yaml: 'cloud: {}', message: /"clouds"/ },
  { name: 'broken YAML', yaml: 'clouds: [', message: /YAML/ },
  {
    name: 'a key is missing',
    yaml: 'clouds: {a: {auth: {auth_url: http://k}}}',
    message:
      /refused\.yaml: cloud "a": auth\.username is missing: set it there or as --os-username$/,
  },
  {
    name: 'an invalid URL',
    yaml: 'clouds: {a: {auth: {auth_url: keystone, username: u, password: p, project_name: p}}}',
    message: /cloud "a": auth_url "keystone": must begin with http/,
  },
  {
    name: 'a domain by an id that cannot be resolved',
    yaml: 'clouds: {a: {auth: {auth_url: http://k, username: u, password: p, project_name: p, user_domain_id: 5f}}}',
    message: /user_domain_id "5f": set user_domain_name instead/,
  },
  {
    name: 'an unknown interface',
    yaml: 'clouds: {a: {interface: inside, auth: {auth_url: http://k}}}',
    message: /interface "inside": must be internal or public or admin/,
  },
  {
    name: 'two ways to sign in',
    yaml: 'clouds: {a: {auth: {auth_url: http://k, password: p, application_credential_id: i}}}',
    message: /application_credential_id is not allowed together with password/,
  },
];
test('a variable that is missing is named with its option', () => {
  expect(() => findCloud(surroundings({ OS_AUTH_URL: 'http://k' }))).toThrow(
    /^username is missing: set OS_USERNAME or --os-username$/,
  );
});

for (const row of refused) {
  test(`a cloud that cannot be found is refused with the remedy: ${row.name}`, () => {
    const path = join(folder, 'refused.yaml');
    rmSync(path, { force: true });
    if (row.yaml !== null) writeFileSync(path, row.yaml);
    const empty = join(folder, 'empty');
    const find = () =>
      findCloud(
        { variables: { OS_CLIENT_CONFIG_FILE: path }, workingFolder: empty, home: empty },
        { name: row.cloud, values: {} },
      );
    expect(find).toThrow(row.message);
  });
}
