/**
 * Chapters: two servers that compete for the last VF; an agent, and a libvirtd, that die during a
 * boot.
 */
import type { Check } from '../story-report.ts';
import {
  ask,
  clear,
  expected,
  hostShows,
  killLibvirtd,
  running,
  startLibvirtd,
  type World,
} from '../world.ts';

export async function checkLastVf(world: World, check: Check): Promise<void> {
  const { user, networks } = world;
  const free = await user.freeVfs('physnet2');
  await check('the other PF has one VF free', async () => expected(free === 1, `${free} free`));
  const port = () => user.createPort(networks.redAcross, 'direct');
  const ids = await Promise.all([
    ask(world, 'first', [await port()]),
    ask(world, 'second', [await port()]),
  ]);
  await check(
    'of two servers that request it one runs and one is refused, with the reason',
    async () => {
      const ended = await Promise.all(
        ids.map(async (id) => {
          const server = await user.settled(id, 'ACTIVE').catch(() => user.showServer(id));
          return { status: server.status, fault: server.fault?.message ?? '' };
        }),
      );
      const refused = ended.filter(({ status }) => status === 'ERROR');
      const active = ended.filter(({ status }) => status === 'ACTIVE');
      const reason = refused[0]?.fault ?? '';
      return expected(
        active.length === 1 && refused.length === 1 && reason.includes('physnet2'),
        `${active.length} ACTIVE, ${refused.length} ERROR: ${reason}`,
      );
    },
  );
  await clear(world);
}

export async function checkKilledAgent(world: World, check: Check): Promise<void> {
  const { user, networks, agent, host } = world;
  const port = await user.createPort(networks.red, 'direct');
  const free = await user.freeVfs('physnet1');
  const id = await ask(world, 'survivor', [port]);
  await agent.killDuring(id);
  await check('a server whose host lost its agent stays BUILD', async () => {
    const { status } = await user.showServer(id);
    return expected(status === 'BUILD', status);
  });
  await agent.start();
  await check('with the agent back it runs, once, with one VF', async () => {
    const server = await running(world, id, [port]);
    const domains = (await host.mustRun('virsh -q list --name')).trim().split('\n');
    const now = await user.freeVfs('physnet1');
    return expected(
      domains.filter((name) => name === server.domain).length === 1 && now === free - 1,
      `domains ${domains.join(' ')}; ${now} VFs free, ${free} before`,
    );
  });
  await clear(world);
}

export async function checkKilledLibvirtd(world: World, check: Check): Promise<void> {
  const { user, networks, host } = world;
  const port = await user.createPort(networks.red, 'direct');
  const free = await user.freeVfs('physnet1');
  const id = await ask(world, 'survivor', [port]);
  await host.mustRun(`
    until pgrep -f '[g]uest=instance' > /dev/null; do sleep 0.02; done
    ${killLibvirtd}
    ${startLibvirtd}`);
  await check(
    'the boot is undone, with the reason: no QEMU, no file, and the VF is free',
    async () => {
      const ended = await user.settled(id, 'ACTIVE').then(
        () => 'the server is ACTIVE',
        (error: Error) => error.message,
      );
      const isClean = async () => {
        const left = await host.mustRun(`
        pgrep -fa '[g]uest=instance' || true
        virsh -q list --all --name
        ls /var/lib/novella/guests`);
        const isFree = (await user.freeVfs('physnet1')) === free;
        return left.trim() === '' && isFree ? true : undefined;
      };
      await hostShows('the host to be clean', isClean);
      const shown = await user.showPort(port.id);
      return expected(shown['binding:host_id'] === '' && ended.includes('libvirt'), ended);
    },
  );
  await clear(world);
}
