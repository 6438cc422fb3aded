/** An unknown command of `novella`: which command was meant, of ours or of the stock client. */

/** What people type for a command that has another name. */
const ours: Readonly<Record<string, string>> = {
  pool: 'pci pools',
  pools: 'pci pools',
  device: 'pci devices',
  devices: 'pci devices',
  check: 'pci check',
  capture: 'pci capture',
  hosts: 'host list',
  enroll: 'host enroll',
  revoke: 'host revoke',
  forget: 'host forget',
  register: 'keystone register',
  import: 'config import',
  health: 'status',
  whatif: 'what-if',
  capacity: 'what-if',
  version: '--version',
  start: 'up',
  run: 'up',
  serve: 'up',
};

/** Commands of nova, as openstack names them. */
const ofNova: Readonly<Record<string, string>> = {
  boot: 'server create',
  list: 'server list',
  show: 'server show',
  delete: 'server delete',
  reboot: 'server reboot',
  rebuild: 'server rebuild',
  stop: 'server stop',
  suspend: 'server suspend',
  pause: 'server pause',
};

const ofOpenStack = new Set(
  (
    'address aggregate application availability catalog compute console container credential domain ' +
    'ec2 endpoint extension flavor floating group hypervisor image implied ip keypair limits network ' +
    'object policy port project quota region role router security server service snapshot subnet ' +
    'token usage user volume'
  ).split(' '),
);

/**
 * What to type instead; undefined without a suggestion. `words`: the command line from the unknown
 * command on. Example: `['server', 'list']` → a hint that names `openstack server list`.
 */
export function hintForUnknown(args: readonly string[]): string | undefined {
  const [first = '', ...rest] = args;
  if (Object.hasOwn(ours, first)) return `Try: novella ${ours[first]}`;
  if (Object.hasOwn(ofNova, first)) return stockClient(`${ofNova[first]} …`);
  if (!ofOpenStack.has(first)) return undefined;
  const isPlain = rest.every((arg) => /^[\w.:/=,@-]+$/.test(arg));
  return stockClient(isPlain ? args.join(' ') : `${first} …`);
}

function stockClient(command: string): string {
  return `Servers, networks, images and the like are the stock client's. Try: openstack ${command}`;
}
