import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeOpenrc } from './openrc.ts';

test('a shell that sources it has the login, whatever the password is, and nothing that contradicts it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'novella-openrc-'));
  const path = join(folder, 'openrc');
  const password = `it's $HOME "and" \`more\` \\ #`;
  const domains = { userDomainName: 'Default', projectDomainName: 'Default' };
  const login = { authUrl: 'http://127.0.0.1:5000/v3', username: 'admin', projectName: 'admin' };
  writeOpenrc(path, { ...login, ...domains, password });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const script = '. "$1"; printf "%s\\n" "$OS_PASSWORD" "$OS_AUTH_URL" "${OS_CLOUD-unset}"';
  const text = execFileSync('sh', ['-euc', script, 'sh', path], {
    env: { PATH: process.env['PATH'], OS_CLOUD: 'another' },
    encoding: 'utf8',
  });
  expect(text.split('\n')).toEqual([password, login.authUrl, 'unset', '']);
  rmSync(folder, { recursive: true });
});
