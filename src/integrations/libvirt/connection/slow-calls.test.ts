/** Calls over their time limit, in a child that is described: it needs no libvirt. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#test/silent-log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LibvirtChild } from './child-process.ts';

let folder = '';
let child: LibvirtChild;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-slow-'));
});
afterEach(async () => {
  await child.close();
  rmSync(folder, { recursive: true });
});

/** A child that runs this code for each message; its calls have a limit of 50 ms. */
async function aChild(onMessage: string): Promise<LibvirtChild> {
  const childEntry = join(folder, 'child.mjs');
  const lines = [
    `const answer = (id) => process.send({ is: 'result', id, value: null });`,
    `let start;`,
    `process.on('message', (message) => { ${onMessage} });`,
    `process.send({ is: 'connected' });`,
  ];
  writeFileSync(childEntry, lines.join('\n'));
  child = new LibvirtChild({ uri: 'described', log: silentLog, childEntry, callLimitMs: 50 });
  await child.firstTry();
  return child;
}

const readDevices = () =>
  child.call('nodeDeviceXmls', [['pci_0000_01_00_0']], 'read devices').then(() => 'read', String);
const tooSlow = 'ComputeError: read devices: libvirt did not answer within 0.05 s';

/** Reads of devices never end, and a start ends when the test sends a message. */
const stuckDevices = `
  if (message === 'ping') process.send({ is: 'alive' });
  else if (message.procedure === 'startDomain') start = message.id;
  else if (message.procedure === 'destroyDomain') { answer(start); answer(message.id); }
  else if (message.procedure === 'listDomains') answer(message.id);`;

test('a read that takes too long does not break off the start of a guest', async () => {
  await aChild(stuckDevices);
  const { pid } = child;
  const start = child.call('startDomain', ['guest', 0]);
  expect(await readDevices()).toBe(tooSlow);
  // Other reads work; the same one is refused at once.
  await child.call('listDomains', []);
  expect(await readDevices()).toBe(
    'ComputeError: read devices: libvirt has not answered earlier calls yet',
  );
  expect(child.pid).toBe(pid);
  await child.call('destroyDomain', ['other']);
  expect(await start).toBeNull();
  // Now nothing is broken off: the child is restarted, and its lanes are free.
  await expect.poll(() => child.pid).not.toBe(pid);
  await expect.poll(readDevices).toBe(tooSlow);
});

test('agents of guests that hang delay no start of a guest', async () => {
  await aChild(`
    if (message === 'ping') process.send({ is: 'alive' });
    else if (message.procedure !== 'setPassword') answer(message.id);`);
  const hung = [1, 2, 3, 4, 5, 6, 7, 8].map((id) =>
    child.call('setPassword', [String(id), 'root', 'x'], 'set').catch(String),
  );
  await child.call('startDomain', ['other', 0]);
  for (const one of hung) expect(await one).toMatch(/did not answer within|ended/);
});

test('an answer that comes late frees its lane without a restart', async () => {
  await aChild(`
    if (message === 'ping') process.send({ is: 'alive' });
    else if (message.procedure === 'nodeDeviceXmls') start = message.id;
    else if (message.procedure === 'listDomains') { answer(start); answer(message.id); }`);
  const { pid } = child;
  const act = child.call('startDomain', ['guest', 0]).catch(String);
  expect(await readDevices()).toBe(tooSlow);
  await child.call('listDomains', []);
  expect(await readDevices()).toBe(tooSlow);
  expect(child.pid).toBe(pid);
  await child.close();
  expect(await act).toContain('ended');
});

test('without a change in progress the child is restarted at once', async () => {
  await aChild(stuckDevices);
  const { pid } = child;
  const other = child.call('definedXml', ['guest'], 'read guest').catch(String);
  // On a busy machine either may be the one that waited too long.
  const ends = [await readDevices(), await other];
  for (const end of ends) expect(end).toMatch(/ended \(SIGKILL\)$|did not answer within/);
  expect(ends.join()).toContain('did not answer within');
  await expect.poll(() => child.pid).not.toBe(pid);
});

test('a closed connection ends the calls that wait for a restart', async () => {
  await aChild(`process.exit(1);`);
  const lost = Promise.withResolvers<void>();
  child.watch(({ what }) => {
    if (what === 'lost') lost.resolve();
  });
  const first = child.call('listDomains', [], 'list guests').catch(String);
  await lost.promise;
  const waiting = child.call('listDomains', [], 'list guests').catch(String);
  await child.close();
  expect(await waiting).toBe('ComputeError: list guests: the connection to libvirt was closed');
  expect(await first).toMatch(/ended \(exit code 1\)$|did not answer within/);
});
