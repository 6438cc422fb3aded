/**
 * `npm run lab`: the whole path on an emulated SR-IOV host, shown as a story; exit 0 only if every
 * check passed. `moves` instead shows moves between two such hosts. `--shell` leaves everything up
 * afterwards, `--json FILE` writes the report, `--only TEXT` runs chapters with this in their title,
 * `--console` opens the bare host.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { programOptions, refuseOptions } from '#test/programs/program-options.ts';
import { startLabHost } from './host.ts';
import { labDevices, outsideAddress } from './machine.ts';
import type { MovesWorld } from './moves/moves-world.ts';
import { moveTitles, runMoves } from './moves/run-moves.ts';
import { smoke } from './smoke.ts';
import { type StayingPlace, runStory, storyTitles } from './story/run-story.ts';
import { closingLines, type StoryReport } from './story/story-report.ts';

const usage =
  'npm run lab -- [moves] [--only TEXT]… [--shell] [--json FILE], or one of --console, --smoke';
const { values, positionals } = programOptions(usage, {
  allowPositionals: true,
  options: {
    shell: { type: 'boolean' },
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
    console: { type: 'boolean' },
    smoke: { type: 'boolean' },
  },
});

const [story = 'one host', ...others] = positionals;
if (others.length > 0 || !['one host', 'moves'].includes(story)) {
  refuseOptions(usage, `no such story: ${positionals.join(' ')}`);
}
const titles = story === 'moves' ? moveTitles : storyTitles;
const unknown = (values.only ?? []).find((text) => !titles.some((title) => title.includes(text)));
if (unknown !== undefined) {
  const list = titles.map((title) => `\n  ${title}`).join('');
  refuseOptions(
    usage,
    `--only '${unknown}': no chapter has this in its title; the chapters:${list}`,
  );
}
if (values.console === true) await openConsole();
else if (values.smoke === true) await smoke();
else await runToEnd(story === 'moves' ? moves : oneHost);

async function runToEnd(run: () => Promise<StoryReport>): Promise<void> {
  let reported = await run();
  // Emulated processors fail now and then, independent of what the story checks.
  for (let again = 0; reported.isCutOff && again < 2 && values.shell !== true; again++) {
    write('\nAn emulated host ended early. The story starts again from its beginning.');
    reported = await run();
  }
  for (const line of closingLines(reported)) write(line);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify(reported, null, 2)}\n`);
  process.exitCode = reported.passed ? 0 : 1;
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

function oneHost(): Promise<StoryReport> {
  return runStory(write, {
    ...selected(),
    ...(values.shell === true && { stay: { greeting, visit } }),
  });
}

function moves(): Promise<StoryReport> {
  return runMoves(write, { ...selected(), ...(values.shell === true && { visit: visitBoth }) });
}

/** With a shell no chapter runs unless selected. */
function selected(): { only?: string[] } {
  const only = values.only ?? (values.shell === true ? [] : undefined);
  return only === undefined ? {} : { only };
}

function greeting({ cloudsYaml, libvirtUri, share }: StayingPlace): string[] {
  return [
    '',
    'Everything is up: networks, images, flavors, and an agent on the emulated host. From another terminal:',
    `  export OS_CLIENT_CONFIG_FILE=${cloudsYaml} OS_CLOUD=novella`,
    '  openstack port create --network red --vnic-type direct fast',
    '  openstack server create --flavor micro --image micro --port fast --wait my-server',
    '  openstack console log show my-server',
    `  virsh -c ${libvirtUri} list`,
    `The wire between the two PFs is recorded in ${share}/wire.pcap.`,
    'Lines typed here are run on the emulated host, as root. Ctrl-D stops everything.',
  ];
}

/** A line-by-line shell on the emulated host, until its input ends. */
function visit({ run }: StayingPlace): Promise<void> {
  return typed('lab-host# ', run);
}

/** The same for two hosts. */
async function visitBoth({ hosts }: MovesWorld, cloudsYaml: string): Promise<void> {
  write(`
Everything is up: networks, images, flavors, and an agent on each host. From another terminal:
  export OS_CLIENT_CONFIG_FILE=${cloudsYaml} OS_CLOUD=novella
  openstack port create --network red --vnic-type macvtap mobile
  openstack --os-compute-api-version 2.79 server create --host hosta --flavor micro --image micro --port mobile --wait my-server
A line that begins with hosta or hostb is run there, as root. Ctrl-D stops everything.`);
  await typed('hosta|hostb COMMAND# ', (line) => {
    const [name = '', ...command] = line.split(' ');
    const place = name === 'hosta' || name === 'hostb' ? hosts[name] : undefined;
    if (place !== undefined) return place.host.run(command.join(' '));
    return Promise.resolve({ stdout: '', stderr: 'begin with hosta or hostb\n' });
  });
}

async function typed(
  prompt: string,
  run: (line: string) => Promise<{ stdout: string; stderr: string }>,
): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt });
  lines.prompt();
  for await (const line of lines) {
    const { stdout, stderr } = await run(line);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    lines.prompt();
  }
}

/** The host lives until its shell ends, or the emulator is ended with ctrl-a x. */
async function openConsole(): Promise<void> {
  const host = await startLabHost({ isInteractive: true, forwards: [16_509] });
  process.stdout.write(`
The host is ready. Leave with "exit" or ctrl-a x.
  PFs       ${labDevices.pfs.map((pf) => `${pf.interface} ${pf.address}`).join(', ')}
  NVMe      ${labDevices.nvme.address}
  libvirt   qemu+tcp://127.0.0.1:${host.portTo(16_509)}/system from outside
  share     ${host.shareDirectory} outside, /mnt/share within; the PFs' wire is recorded in wire.pcap
  outside   127.0.0.1 outside is ${outsideAddress} within
  micro guest: /lab/vmlinux and /lab/micro-guest
`);
  await host.ended;
  await host.stop();
}
