/**
 * The child with libvirt in it, against libvirt's own test driver: no daemon, no root, real library
 * (Debian package libvirt0).
 */
import { isLibvirtHere, libvirtAbsence } from '#test/hosts/libvirt-library.ts';
import { silentLog } from '#test/silent-log.ts';
import { skipTitle } from '#test/skip-title.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { type ChildEvent, LibvirtChild, type LibvirtChildOptions } from './child-process.ts';
import { LibvirtError } from './libvirt-error.ts';

test('libvirt’s library is installed on CI', () => {
  if (!isLibvirtHere && process.env['CI'] === 'true') expect.fail(libvirtAbsence);
});

const children: LibvirtChild[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.close()));
});

function aChild(options: Partial<LibvirtChildOptions> = {}): LibvirtChild {
  const child = new LibvirtChild({ uri: 'test:///default', log: silentLog, ...options });
  children.push(child);
  return child;
}

/** The child's reports, as text. */
function listenTo(child: LibvirtChild): string[] {
  const reported: string[] = [];
  child.watch((news: ChildEvent) => {
    const { what } = news;
    if (what !== 'event') reported.push(what);
    else if (news.event.what === 'lifecycle') reported.push(`lifecycle ${news.event.event}`);
  });
  return reported;
}

/** The domain that the test driver has from the start. */
const testDomain = '6695eb01-f6a4-8304-79aa-97f2502e193f';

const title = skipTitle('the process with libvirt in it', isLibvirtHere, libvirtAbsence);

describe.runIf(isLibvirtHere)(title, { timeout: 30_000 }, () => {
  test('domains are listed with state and XML, and host facts are read', async () => {
    const child = aChild();
    const [domain] = await child.call('listDomains', []);
    expect(domain).toMatchObject({ id: testDomain, name: 'test', state: 1, isSaved: false });
    expect(domain?.xml).toContain('<name>test</name>');
    const facts = await child.call('hostFacts', []);
    expect(facts).toMatchObject({ type: 'TEST', cpus: 16, memoryKib: 3_145_728 });
    expect(facts.capabilities).toContain('<capabilities>');
  });

  test('of many concurrent failing calls each gets its own error, with libvirt’s code and message', async () => {
    const child = aChild();
    const names = Array.from({ length: 200 }, (_, at) => `network-${at}`);
    const outcomes = await Promise.allSettled(
      names.map((name) => child.call('startNetwork', [name])),
    );
    const errors = outcomes.map(
      (outcome) => (outcome as PromiseRejectedResult).reason as LibvirtError,
    );
    expect(errors.map(({ text }) => text)).toEqual(
      names.map((name) => `Network not found: no network with matching name '${name}'`),
    );
    expect(errors[0]).toBeInstanceOf(LibvirtError);
    expect(errors[0]).toMatchObject({ kind: 'notFound', code: 43, domain: 12 });
  });

  test('a refusal of libvirt because of the state is a conflict that names the operation', async () => {
    const child = aChild();
    await child.call('destroyDomain', [testDomain]);
    await expect(
      child.call('destroyDomain', [testDomain], 'power off guest web'),
    ).rejects.toMatchObject({
      kind: 'conflict',
      code: 55,
      message: expect.stringMatching(/^power off guest web: /),
    });
  });

  test('libvirt’s events arrive in order', async () => {
    const child = aChild();
    const reported = listenTo(child);
    await child.call('suspendDomain', [testDomain]);
    await child.call('resumeDomain', [testDomain]);
    await child.call('destroyDomain', [testDomain]);
    await expect.poll(() => reported).toEqual(['lifecycle 3', 'lifecycle 4', 'lifecycle 5']);
  });

  test('when the child is killed calls in flight fail, it is restarted, and both are reported', async () => {
    const child = aChild();
    await child.firstTry();
    const reported = listenTo(child);
    const calls = Array.from({ length: 50 }, () => child.call('listDomains', [], 'list guests'));
    process.kill(child.pid ?? 0, 'SIGKILL');
    const outcomes = await Promise.allSettled(calls);
    const failed = outcomes.filter(
      ({ status }) => status === 'rejected',
    ) as PromiseRejectedResult[];
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) {
      expect(reason).toMatchObject({
        kind: 'unavailable',
        message: 'list guests: the process with libvirt in it ended (SIGKILL)',
      });
    }
    expect(await child.call('listDomains', [])).toHaveLength(1);
    expect(reported).toEqual(['lost', 'back']);
  });

  test('when the child hangs the call fails after a time-out, and the next one works', async () => {
    const child = aChild({ callLimitMs: 2_000 });
    await child.firstTry();
    process.kill(child.pid ?? 0, 'SIGSTOP');
    await expect(child.call('listDomains', [], 'list guests')).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'list guests: libvirt did not answer within 2 s',
    });
    await expect.poll(() => child.call('listDomains', []), { timeout: 20_000 }).toHaveLength(1);
  });

  test('a libvirtd that does not answer is named, with the remedy', async () => {
    const child = aChild({ uri: 'qemu:///system?socket=/nowhere/libvirt-sock' });
    await child.firstTry();
    await expect(child.call('listDomains', [], 'list guests')).rejects.toMatchObject({
      kind: 'unavailable',
      message:
        'list guests: libvirtd at qemu:///system?socket=/nowhere/libvirt-sock does not answer: ' +
        "Failed to connect socket to '/nowhere/libvirt-sock': No such file or directory " +
        '(start it: systemctl start libvirtd)',
    });
  });

  test('a child that cannot start is named too', async () => {
    const child = aChild({ childEntry: '/nowhere/main.mjs' });
    await expect(child.call('listDomains', [], 'list guests')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('the process with libvirt in it ended (exit code 1)'),
    });
  });

  test('a closed connection ends the child, and refuses calls', async () => {
    const child = aChild();
    await child.firstTry();
    const { pid = 0 } = child;
    await child.close();
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    await expect(child.call('listDomains', [])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
