import { expect, test } from 'vitest';
import { greeting } from './greeting.ts';

const urls = {
  identity: 'http://127.0.0.1:5000/v3',
  compute: 'http://127.0.0.1:8774/v2.1',
  network: 'http://127.0.0.1:9696',
  image: 'http://127.0.0.1:9292',
};
const own = { urls, cloudsYaml: '/home/me/cloud/.novella/clouds.yaml' };
const said = (cloud: Parameters<typeof greeting>[0], isTerminal = true) =>
  greeting(cloud, { from: '/home/me/cloud', isTerminal }).join('\n');

test('of a cloud of our own: the way in, told from here', () => {
  expect(said(own)).toContain('OS_CLIENT_CONFIG_FILE=.novella/clouds.yaml OS_CLOUD=novella');
  expect(said(own)).not.toContain('password');
});

test('a new password is told at a terminal, and nowhere else', () => {
  const first = { ...own, newPassword: 'made-now' };
  expect(said(first)).toContain(
    'The password of admin was made: made-now\n  It is not shown again.',
  );
  expect(said(first, false)).not.toContain('made-now');
});

test('among other services: what was found, what is missing, and how clients find it', () => {
  const survey = { found: ['image service at http://g'], missing: ['role `service` of the user'] };
  const lines = said({ urls, cloudsYaml: '', survey });
  expect(lines).toContain(
    '  found image service at http://g\n  MISSING role `service` of the user\n',
  );
  expect(lines).toContain('keystone register --url http://HOST:8774/v2.1');
  expect(said({ urls, cloudsYaml: '', survey: { found: [], missing: [] } })).toContain(
    '  nothing is missing',
  );
});
