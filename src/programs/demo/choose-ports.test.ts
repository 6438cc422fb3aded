import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { choosePorts } from './choose-ports.ts';

const listen = '127.0.0.1';

/** Listens on a port until it is closed. */
async function takePort(): Promise<{ port: number; giveBack: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, listen, resolve));
  const { port } = server.address() as AddressInfo;
  return { port, giveBack: () => new Promise((resolve) => server.close(() => resolve())) };
}

test('a port in use by another program is replaced by a free one, with a note', async () => {
  const [taken, free] = [await takePort(), await takePort()];
  await free.giveBack();
  const wanted = { compute: free.port, identity: 0, network: taken.port, image: 0, hosts: 0 };
  const chosen = await choosePorts(listen, wanted);
  await taken.giveBack();
  expect(chosen).toEqual({
    ports: { ...wanted, network: 0 },
    notes: [`Port ${taken.port} (network) belongs to another program: taking a free one.`],
  });
});
