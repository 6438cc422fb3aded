import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CloudCredentials, findCloud, readCloud, writeCloudsYaml } from './clouds-yaml.ts';

const cloud: CloudCredentials = {
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
  expect(readCloud(path)).toEqual(cloud);
  expect(statSync(path).mode & 0o077).toBe(0);
});

test('the first clouds.yaml of the search path is taken: variable, working folder, .novella, home', () => {
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
    return findCloud(surroundings(variables, work)).username;
  });
  expect(found).toEqual(['user-0', 'user-1', 'user-2', 'user-3']);
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

test('OS_CLOUD names an entry, and wins over OS_AUTH_URL', () => {
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

const refused: { name: string; yaml: string | null; cloud?: string; says: RegExp }[] = [
  { name: 'no file anywhere', yaml: null, says: /OS_AUTH_URL.*clouds\.yaml.*novella up/ },
  {
    name: 'unknown entry',
    yaml: 'clouds: {a: {}, b: {}}',
    cloud: 'c',
    says: /no cloud "c"; it has a, b/,
  },
  { name: 'two entries, none named', yaml: 'clouds: {a: {}, b: {}}', says: /OS_CLOUD/ },
  { name: 'no clouds', yaml: 'cloud: {}', says: /"clouds"/ },
  { name: 'broken YAML', yaml: 'clouds: [', says: /YAML/ },
  {
    name: 'a key is missing',
    yaml: 'clouds: {a: {auth: {auth_url: http://k}}}',
    says: /username is missing/,
  },
];
for (const row of refused) {
  test(`a cloud that cannot be found says what to do: ${row.name}`, () => {
    const path = join(folder, 'refused.yaml');
    rmSync(path, { force: true });
    if (row.yaml !== null) writeFileSync(path, row.yaml);
    const empty = join(folder, 'empty');
    const find = () =>
      findCloud(
        { variables: { OS_CLIENT_CONFIG_FILE: path }, workingFolder: empty, home: empty },
        row.cloud,
      );
    expect(find).toThrow(row.says);
  });
}
