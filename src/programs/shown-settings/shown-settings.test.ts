import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig, readConfig } from '../config/config.ts';
import { shownSettings } from './shown-settings.ts';

test('values in force, with their units', () => {
  const config = parseConfig(
    'keep_history: 7\nhost_down_after: 90\nscheduler: { weights: { pci: 2.5 } }',
    'novella.yaml',
  );
  expect(
    Object.fromEntries(shownSettings(config).map(({ key, value }) => [key, value])),
  ).toMatchObject({
    database: 'novella.sqlite in state_dir',
    openstack: 'embedded services',
    keep_history: '7 days',
    keep_deleted_servers: 'for ever',
    host_down_after: '90 s',
    tls: 'no',
    'scheduler.weights.pci': '2.5',
    'scheduler.weights.cpu': '1',
  });
});

test('no password of a service or of the database', () => {
  const config = parseConfig(
    [
      'database: "postgresql://novella:geheim@db/novella"',
      'openstack: { auth_url: "http://k", application_credential_id: i, application_credential_secret: geheim }',
    ].join('\n'),
    'novella.yaml',
  );
  const text = JSON.stringify(shownSettings(config));
  expect(text).not.toContain('geheim');
  expect(text).toContain('PostgreSQL');
  expect(text).toContain('services of a cloud');
});

test('each is a key of novella.yaml, or a section of it', () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const unknown = shownSettings(readConfig())
    .map(({ key }) => key)
    .filter((key) => !page.includes(`\`${key}\``) && !page.includes(`\`${key}.`));
  expect(unknown).toEqual([]);
});
