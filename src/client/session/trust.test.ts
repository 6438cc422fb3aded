import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { makeAuthority } from '#test/tls/authority.ts';
import { openSession } from './session.ts';

const login = { applicationCredentialId: 'a', applicationCredentialSecret: 's' };

test('a cloud is trusted by the authorities of its cacert', async () => {
  const authority = makeAuthority('ours');
  const before = getCACertificates('default');
  const folder = mkdtempSync(join(tmpdir(), 'novella-trust-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const endpoints = ['south', 'north'].map((region) => ({
    interface: 'internal',
    region,
    url: `http://${region}`,
  }));
  const received: string[] = [];
  const server = createServer(authority.sign(), (request, reply) => {
    request.on('data', (text: Buffer) => received.push(text.toString()));
    reply.setHeader('x-subject-token', 't');
    reply.end(JSON.stringify({ token: { catalog: [{ type: 'compute', endpoints }] } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = { authUrl, region: 'north', interface: 'internal' } as const;
  try {
    await expect(openSession({ ...place, ...login })).rejects.toThrow(
      'its certificate is signed by an unknown authority',
    );
    const session = await openSession({ ...place, ...login, caFile });
    expect(session.endpoints).toEqual({ compute: 'http://north' });
    expect(JSON.parse(received.join(''))).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'a', secret: 's' },
        },
      },
    });
    writeFileSync(caFile, 'no PEM');
    await expect(openSession({ ...place, ...login, caFile })).rejects.toThrow(
      `${caFile}: no certificate in it`,
    );
  } finally {
    setDefaultCACertificates(before);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
