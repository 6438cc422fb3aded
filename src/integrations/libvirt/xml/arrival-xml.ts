/**
 * The XML with which a running guest arrives on another host: the guest as it runs, which QEMU
 * compares, with the names that exist only on the new host. Source: libvirt, "Guest migration",
 * `VIR_MIGRATE_PARAM_DEST_XML`.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser';

const options = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  suppressBooleanAttributes: false,
  suppressEmptyNode: true,
  trimValues: true,
} as const;

const parser = new XMLParser(options);
const builder = new XMLBuilder(options);

/** One element as the parser keeps it: its name with its children, and its attributes. */
interface Node {
  [name: string]: Node[] | string | Record<string, string> | undefined;
  ':@'?: Record<string, string>;
}

/**
 * `running`: of the guest on its old host (`VIR_DOMAIN_XML_MIGRATABLE`). `defined`: its definition
 * on the new one. Of that come its metadata, files, and what each NIC and host device is on the
 * host; disks are matched by their target, NICs by their MAC and place, host devices by their
 * order. Example: a macvtap's `<source dev='enp1s0v0'/>` becomes `<source dev='enp1s0v2'/>`. Throws
 * when the definition lacks a disk, NIC or host device of the running guest.
 */
export function arrivalXml(running: string, defined: string): string {
  const guest = rootOf(running);
  const there = rootOf(defined);
  replace(guest, there, ['metadata', 'cputune', 'numatune']);
  const [system, systemThere] = [child(guest, 'os'), child(there, 'os')];
  if (system !== undefined && systemThere !== undefined) {
    replace(system, systemThere, ['kernel', 'initrd']);
  }
  const devices = kids(child(guest, 'devices'));
  const devicesThere = kids(child(there, 'devices'));
  for (const disk of devices.filter(isNamed('disk'))) {
    const target = attribute(child(disk, 'target'), 'dev');
    const other = devicesThere
      .filter(isNamed('disk'))
      .find((each) => attribute(child(each, 'target'), 'dev') === target);
    if (other === undefined) throw new Error(`the new host’s definition has no disk ${target}`);
    replace(disk, other, ['source', 'backingStore']);
  }
  moveNics(devices, devicesThere);
  moveHostDevices(devices, devicesThere);
  for (const serial of [
    ...devices.filter(isNamed('serial')),
    ...devices.filter(isNamed('console')),
  ]) {
    const other = devicesThere.find(isNamed('serial'));
    drop(serial, 'log');
    const log = child(other, 'log');
    // The text of the old host's console has been copied, and QEMU would empty the file.
    if (log !== undefined) add(serial, { ...log, ':@': { ...log[':@'], append: 'on' } });
  }
  return builder.build([guest]).trim();
}

/** The NICs of one MAC in their order: a guest may have a MAC on two networks. */
function moveNics(devices: readonly Node[], devicesThere: readonly Node[]): void {
  const left = devicesThere.filter(isNamed('interface'));
  for (const nic of devices.filter(isNamed('interface'))) {
    const macAddress = macOf(nic);
    const at = left.findIndex((each) => macOf(each) === macAddress && isAlike(each, nic));
    const [other] = at < 0 ? [] : left.splice(at, 1);
    if (other === undefined) {
      throw new Error(`the new host’s definition has no NIC ${macAddress} like the guest’s`);
    }
    nic[':@'] = { ...nic[':@'], ...other[':@'] };
    replace(nic, other, ['source', 'vlan', 'virtualport', 'target', 'script', 'backend']);
  }
}

/** Those that the guest keeps, in their order: QEMU compares what they are. */
function moveHostDevices(devices: readonly Node[], devicesThere: readonly Node[]): void {
  const there = devicesThere.filter(isNamed('hostdev'));
  for (const [at, device] of devices.filter(isNamed('hostdev')).entries()) {
    const other = there[at];
    if (other === undefined) throw new Error('the new host’s definition has fewer host devices');
    replace(device, other, ['source']);
  }
}

function isAlike(one: Node, other: Node): boolean {
  return attribute(one, 'type') === attribute(other, 'type');
}

function macOf(nic: Node): string | undefined {
  return attribute(child(nic, 'mac'), 'address')?.toLowerCase();
}

function rootOf(xml: string): Node {
  const root = (parser.parse(xml) as Node[]).find(isNamed('domain'));
  if (root === undefined) throw new Error('no domain in the XML');
  return root;
}

function isNamed(name: string) {
  return (node: Node): boolean => node[name] !== undefined;
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function kids(node: Node | undefined): Node[] {
  return node === undefined ? [] : (node[nameOf(node)] as Node[]);
}

function child(node: Node | undefined, name: string): Node | undefined {
  return kids(node).find(isNamed(name));
}

function attribute(node: Node | undefined, name: string): string | undefined {
  return node?.[':@']?.[name];
}

function drop(node: Node, name: string): void {
  node[nameOf(node)] = kids(node).filter((each) => !isNamed(name)(each));
}

function add(node: Node, added: Node): void {
  kids(node).push(added);
}

/** The children of these names are those of the other element. */
function replace(node: Node, other: Node, names: readonly string[]): void {
  for (const name of names) {
    drop(node, name);
    const found = child(other, name);
    if (found !== undefined) add(node, found);
  }
}
