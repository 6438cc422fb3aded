/**
 * The page of configuration keys matches the schemas, and the defaults that they describe are real.
 */
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '#programs/config/config.ts';
import { configurationPage, statedDefaults, undescribedKeys } from './docs/configuration-page.ts';

test('docs/configuration.md lists every key of the schemas (vitest -u writes it)', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../docs/configuration.md');
});

test('every key has a meaning, and a default or its effect when absent', () => {
  expect(undescribedKeys()).toEqual([]);
});

test('a file that states every default equals an empty file', () => {
  const { openstack, ...own } = statedDefaults();
  expect(Object.keys(own)).toContain('quotas');
  expect(parseConfig(stringify(own), 'stated.yaml')).toEqual(parseConfig('', 'empty.yaml'));
  const cloud = { auth_url: 'http://192.0.2.1:5000', username: 'nova', password: 'secret' };
  const beside = (more: object) =>
    parseConfig(stringify({ openstack: { ...cloud, ...more } }), 'novella.yaml').openstack;
  expect(beside(openstack as object)).toMatchObject({
    ...beside({}),
    timeoutMs: 30_000,
    connections: 8,
    tokenCacheMs: 60_000,
  });
});
