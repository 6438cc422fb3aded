/** `npm run lab -- --shell`: the emulated host with a shell on this terminal, for looking around. `--smoke`: does the lab work? */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startLabHost } from './host.ts';
import { labDevices, outsideAddress } from './machine.ts';
import { smoke } from './smoke.ts';

const { values } = parseArgs({
  options: { shell: { type: 'boolean' }, smoke: { type: 'boolean' } },
});

if (values.shell === true) await openShell();
else if (values.smoke === true) await smoke();
else {
  process.stderr.write('npm run lab -- --shell | --smoke\n');
  process.exitCode = 2;
}

/** The host lives until its shell ends, or the emulator is ended with ctrl-a x. */
async function openShell(): Promise<void> {
  const host = await startLabHost({ isInteractive: true, forwards: [16509] });
  process.stdout.write(`
The host is ready. Leave with "exit" or ctrl-a x.
  PFs       ${labDevices.pfs.map((pf) => `${pf.interface} ${pf.address}`).join(', ')}
  NVMe      ${labDevices.nvme.address}
  libvirt   qemu+tcp://127.0.0.1:${host.portTo(16509)}/system from outside
  share     ${host.shareDirectory} outside, /mnt/share within; the PFs' wire is recorded in wire.pcap
  outside   127.0.0.1 outside is ${outsideAddress} within
  micro guest: /lab/vmlinux and /lab/micro-guest
`);
  await host.ended;
  await host.stop();
}
