/**
 * What an embedded identity service stores of passwords and tokens, and how a password is reset.
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession } from '#client/session/session.ts';
import { scenario } from '#test/worlds/cloud.ts';
import { uploadImage } from '#test/images/upload-image.ts';
import { silentLog } from '#test/silent-log.ts';
import { freePorts, readConfig } from '#programs/config/config.ts';
import { startAllInOne } from '#programs/up/up.ts';

scenario(
  'the database contains neither a password nor a token that was issued',
  async (_cloud, running) => {
    const credentials = readCloud(running.cloudsYaml, 'novella');
    const { token } = await openSession(credentials);
    const folder = dirname(running.cloudsYaml);
    const password = readFileSync(join(folder, 'admin-password'), 'utf8').trim();
    expect(running.newPassword).toBe(password);
    expect(password).toMatch(/^[0-9a-f]{24}$/);
    const database = readdirSync(folder).filter((name) => name.startsWith('novella.sqlite'));
    const kept = Buffer.concat(database.map((name) => readFileSync(join(folder, name))));
    expect(kept.includes('scrypt$')).toBe(true);
    for (const secret of [password, token]) expect(kept.includes(secret)).toBe(false);
    for (const name of ['admin-password', 'demo-password', 'clouds.yaml']) {
      expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    }
  },
);

scenario(
  'the agent in a guest sets its password, which the database does not keep',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const imageRef = await uploadImage(
      cloud.session,
      {
        ...{ name: 'with-agent', container_format: 'bare', disk_format: 'raw' },
        hw_qemu_guest_agent: 'yes',
      },
      new Uint8Array(4096),
    );
    const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }], { imageRef });
    await cloud.settled(id, 'ACTIVE');
    const adminPass = 'correct-horse-battery';
    const body = { changePassword: { adminPass } };
    const reply = await cloud.send('compute', 'POST', `/servers/${id}/action`, { body });
    expect(reply.status).toBe(202);
    const actions = await cloud.ok('compute', 'GET', `/servers/${id}/os-instance-actions`);
    expect(actions.instanceActions[0].action).toBe('changePassword');
    const folder = dirname(running.cloudsYaml);
    const isKept = () =>
      readdirSync(folder)
        .filter((name) => name.startsWith('novella.sqlite'))
        .some((name) => readFileSync(join(folder, name)).includes(adminPass));
    await expect.poll(isKept, { timeout: 20_000 }).toBe(false);
    const { domain_xml: xml } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(xml).toContain("name='org.qemu.guest_agent.0'");
    await cloud.ok('compute', 'POST', `/servers/${id}/action`, { 'os-stop': null });
    await cloud.settled(id, 'SHUTOFF');
    const off = await cloud.send('compute', 'POST', `/servers/${id}/action`, { body });
    expect([off.status, JSON.stringify(off.body)]).toEqual([
      409,
      expect.not.stringContaining(adminPass),
    ]);
  },
);

scenario(
  'a password is printed by the start that creates it; when its file is removed, the next start creates another',
  async (_cloud, running) => {
    const stateDir = dirname(running.cloudsYaml);
    const before = readCloud(running.cloudsYaml, 'novella');
    const startAgain = async () => {
      await running.stop();
      return startAllInOne({ ...readConfig(), stateDir, ports: freePorts }, silentLog);
    };
    const second = await startAgain();
    expect(second.newPassword).toBeUndefined();
    await second.stop();
    rmSync(join(stateDir, 'admin-password'));
    const third = await startAgain();
    try {
      expect(third.newPassword).toMatch(/^[0-9a-f]{24}$/);
      await openSession(readCloud(third.cloudsYaml, 'novella'));
      const old = { ...before, authUrl: third.urls.identity };
      await expect(openSession(old)).rejects.toThrow('The user name or the password is wrong.');
    } finally {
      await third.stop();
    }
  },
);
