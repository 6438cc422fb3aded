/**
 * `novella keystone register` on a cloud with services of its own: the catalog stays, a service user
 * is created once.
 */
import { expect } from 'vitest';
import { registerCompute } from '#cli/register/keystone-register.ts';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession } from '#client/session/session.ts';
import { scenario } from '#test/worlds/cloud.ts';

const usual = { region: 'RegionOne', project: 'service', domain: 'Default' };

scenario(
  'the embedded catalog already leads here; a service user is created once',
  async (_cloud, running) => {
    const session = await openSession(readCloud(running.cloudsYaml, 'novella'));
    let messages = '';
    const screen = { write: (text: string) => (messages += text), isTerminal: false };
    const register = async (more: object) => {
      messages = '';
      await registerCompute(session, { ...usual, ...more }, screen);
      return messages;
    };
    const already = 'Everything was registered already.';
    expect(await register({ url: running.urls.compute })).toContain(already);
    expect(await register({ user: 'nova' })).not.toContain(already);
    expect(await register({ user: 'nova' })).toContain(already);
  },
);
