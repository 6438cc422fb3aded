/**
 * `novella keystone register` on a cloud with services of its own: it changes nothing, and reports
 * what is not offered.
 */
import { expect } from 'vitest';
import { registerCompute } from '#cli/register/keystone-register.ts';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession } from '#client/session/session.ts';
import { scenario } from '#test/worlds/cloud.ts';

const usual = { region: 'RegionOne', project: 'service', domain: 'Default' };

scenario(
  'the embedded catalog already leads here; a service user is not offered',
  async (_cloud, running) => {
    const session = await openSession(readCloud(running.cloudsYaml, 'novella'));
    let messages = '';
    const screen = { write: (text: string) => (messages += text), isTerminal: false };
    await registerCompute(session, { ...usual, url: running.urls.compute }, screen);
    expect(messages).toContain('Everything was registered already.');
    messages = '';
    await expect(registerCompute(session, { ...usual, user: 'nova' }, screen)).rejects.toThrow(
      'changing projects: POST /v3/projects is not offered by the embedded identity service',
    );
    expect(messages).toBe('');
  },
);
