/** The links and clocks of the torture of a cluster are disturbed as they should be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { skipTitle } from '#test/skip-title.ts';
import { Clocks } from './cluster/clocks.ts';
import { Link } from './cluster/link.ts';

let stops: (() => unknown)[];
beforeEach(() => {
  stops = [];
});
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
});

/** A link to a server that returns what it gets, and connections through it. */
async function anEcho() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const link = await Link.to({ port: address.port });
  stops.push(() => link.close());
  const open = (): Socket => {
    const socket = connect(link.port, '127.0.0.1');
    socket.on('error', () => undefined);
    stops.push(() => socket.destroy());
    return socket;
  };
  return { link, open };
}

const answer = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
};

test('a link that is cut ends its connections, and new ones pass', async () => {
  const { link, open } = await anEcho();
  const first = open();
  expect(await answer(first, 'a')).toBe('a');
  link.cut();
  await once(first, 'close');
  expect(await answer(open(), 'b')).toBe('b');
});

test('a link that refuses ends new connections too, until it is healed', async () => {
  const { link, open } = await anEcho();
  link.refuse();
  await once(open(), 'close');
  link.heal();
  expect(await answer(open(), 'c')).toBe('c');
});

test('a link that is held passes nothing until it is healed, then all in order', async () => {
  const { link, open } = await anEcho();
  const socket = open();
  expect(await answer(socket, 'a')).toBe('a');
  link.hold();
  let received = '';
  socket.on('data', (data: Buffer) => {
    received += data.toString();
  });
  for (const text of ['b', 'c', 'd']) socket.write(text);
  await sleep(50);
  expect(received).toBe('');
  link.heal();
  await expect.poll(() => received).toBe('bcd');
});

test('a delayed link passes each byte later', async () => {
  const { link, open } = await anEcho();
  const socket = open();
  await answer(socket, 'a');
  link.delay(30);
  const began = performance.now();
  expect(await answer(socket, 'b')).toBe('b');
  // There and back.
  expect(performance.now() - began).toBeGreaterThanOrEqual(59);
});

const folder = temporaryDirectory();
const clocks = new Clocks(folder.path);
const isInstalled = clocks.canJump;
afterAll(() => folder.remove());

test.runIf(isInstalled)(
  skipTitle('the clock of a process jumps, and its timers do not', isInstalled, 'no libfaketime'),
  async () => {
    const shows = `setInterval(() => console.log(Date.now(), performance.now()), 50)`;
    const child = spawn(process.execPath, ['-e', shows], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...clocks.variables('one') },
    });
    stops.push(() => child.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const aheadS = () => (Number(lines.at(-1)?.split(' ')[0]) - Date.now()) / 1_000;
    await expect.poll(aheadS, { timeout: 10_000 }).toBeCloseTo(0, 0);
    clocks.set('one', -90);
    await expect.poll(aheadS, { timeout: 10_000 }).toBeCloseTo(-90, 0);
    const monotonic = lines.map((line) => Number(line.split(' ')[1]));
    expect(monotonic).toEqual(monotonic.toSorted((one, other) => one - other));
    expect(monotonic.at(-1)).toBeLessThan(60_000);
  },
);
