/**
 * Chapter: VFs of the new host that something else uses, though Novella counts them as free. A move
 * must not take them: libvirt itself would cut their user off.
 */
import { labDevices } from '../../machine.ts';
import type { LabHost } from '../../host.ts';
import type { Check } from '../../story/story-report.ts';
import { expected } from '../../story/world.ts';
import { checkEnd, checkKeptRunning } from '../check-arrival.ts';
import { type MovesWorld } from '../moves-world.ts';
import { type MovingServer, movingServer, requestLive, watchedMove } from '../moving.ts';
import { baselineOf, difference } from '../baseline.ts';

const [pf] = labDevices.pfs;
const vfs = [0, 1, 2, 3].map((vf) => `${pf.interface}v${vf}`);

interface Conflict {
  what: string;
  /** Scripts on the new host. */
  begin: string;
  end: string;
}

/** A domain without a disk or a kernel: it runs, and holds its NICs. */
const foreignDomain = `<domain type='kvm'><name>foreign</name><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><controller type='usb' model='none'/><memballoon model='none'/>
  ${vfs
    .map((dev) => `<interface type='direct'><source dev='${dev}' mode='passthrough'/></interface>`)
    .join('')}</devices></domain>`;

const conflicts: Conflict[] = [
  {
    what: 'a macvtap outside libvirt',
    begin: vfs
      .map((dev) => `ip link add link ${dev} name ${dev}tap type macvtap mode passthru`)
      .join('\n'),
    end: vfs.map((dev) => `ip link del ${dev}tap`).join('\n'),
  },
  {
    what: 'a libvirt domain of somebody else',
    begin: `echo "${foreignDomain}" > /run/foreign.xml\nvirsh -q create /run/foreign.xml`,
    end: 'virsh -q destroy foreign',
  },
];

export async function checkConflicts(world: MovesWorld, check: Check): Promise<void> {
  const moving = await movingServer(world, 'blocked', 'macvtap');
  for (const conflict of conflicts) {
    await check(`VFs of ${conflict.what} are not taken, and keep their settings`, () =>
      refused(world, moving, conflict),
    );
  }
  await checkKeptRunning(world, check, moving, moving.from);
  await checkEnd(world, check, moving, { at: moving.from, without: moving.to });
}

/** Text of the refusal. Throws when the server moved or anything on the new host changed. */
async function refused(
  world: MovesWorld,
  moving: MovingServer,
  { begin, end }: Conflict,
): Promise<string> {
  const { user } = world;
  const { server, from, to } = moving;
  const { host } = world.hosts[to];
  await host.mustRun(`set -e\n${begin}`);
  try {
    const before = await baselineOf(host);
    const seen = await watchedMove(world, moving, () => attempt(world, moving));
    const changed = difference(before, await baselineOf(host));
    const macs = await macsOf(host);
    const { 'OS-EXT-SRV-ATTR:host': now } = await user.showServer(server.id);
    const outage = seen.hosts[from].pings.far.outageMs;
    const text = `${seen.result}; outage ${(outage / 1_000).toFixed(1)} s`;
    expected(changed === '', `${text}; ${changed}`);
    return expected(now === from && !macs.includes(moving.port.mac_address), `on ${now}: ${text}`);
  } finally {
    await host.mustRun(`set -e\n${end}`);
  }
}

/** The refusal at once, or the end of an accepted migration. */
async function attempt(world: MovesWorld, moving: MovingServer): Promise<string> {
  const { user } = world;
  try {
    await requestLive(world, moving);
  } catch (error) {
    return (error as Error).message;
  }
  await user.settled(moving.server.id, 'ACTIVE');
  return user.lastAction(moving.server.id);
}

const macsOf = (host: LabHost) => host.mustRun(`ip -c=never link show dev ${pf.interface}`);
