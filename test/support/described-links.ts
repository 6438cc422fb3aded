/** A kernel's network interfaces in memory, which understands the `ip link` commands that Novella gives, and answers as the kernel does. */
import type { RunCommand } from '#contracts/run-command.ts';

interface DescribedLink {
  ifname: string;
  ifindex: number;
  kind?: string;
  link?: string;
  master?: string;
  alias?: string;
  vlan?: number;
  isUp?: boolean;
}

export class DescribedLinks {
  readonly #links: DescribedLink[] = [];
  readonly addresses = new Map<string, string>();
  #lastIndex = 0;

  constructor(hardware: readonly string[]) {
    for (const ifname of hardware) this.add({ ifname });
  }

  /** Adds an interface, or changes one. */
  add(link: Omit<DescribedLink, 'ifindex'>): void {
    const known = this.#links.find(({ ifname }) => ifname === link.ifname);
    if (known !== undefined) Object.assign(known, link);
    else this.#links.push({ ...link, ifindex: ++this.#lastIndex });
  }

  remove(name: string): void {
    const on = this.#links.filter(({ ifname, link }) => ifname === name || link === name);
    for (const link of on) this.#links.splice(this.#links.indexOf(link), 1);
    for (const link of this.#links) if (link.master === name) delete link.master;
  }

  get names(): string[] {
    return this.#links.map(({ ifname }) => ifname);
  }

  namesOfKind(kind: string): string[] {
    return this.#links.filter((link) => link.kind === kind).map(({ ifname }) => ifname);
  }

  readonly run: RunCommand = async (command) => {
    const words = command.slice(1).filter((word) => word !== 'dev');
    if (words[0] === '-json') return this.#show(words);
    const [, verb, ...rest] = words;
    if (verb === 'add') this.#addBy(rest);
    else if (verb === 'del') this.remove(this.#known(rest[0]).ifname);
    else if (verb === 'set') this.#set(this.#known(rest[0]), rest.slice(1));
    else throw new Error(`Command "${verb}" is unknown, try "ip link help".`);
    return '';
  };

  #show(words: readonly string[]): string {
    if (words[1] === 'address') {
      const [local, prefix] = this.addresses.get(words[3] ?? '')?.split('/') ?? [];
      const addresses =
        local === undefined ? [] : [{ local, prefixlen: Number(prefix), scope: 'global' }];
      return JSON.stringify([{ ifname: words[3], addr_info: addresses }]);
    }
    return JSON.stringify(
      this.#links.map(({ ifname, ifindex, kind, link, master, alias, vlan, isUp }) => ({
        ifindex,
        ...(link !== undefined && { link }),
        ifname,
        flags: isUp === true ? ['BROADCAST', 'UP'] : ['BROADCAST'],
        ...(master !== undefined && { master }),
        ...(alias !== undefined && { ifalias: alias }),
        ...(kind !== undefined && { linkinfo: { info_kind: kind, info_data: { id: vlan } } }),
      })),
    );
  }

  #addBy(words: readonly string[]): void {
    const after = (word: string) =>
      words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
    const ifname = after('name') ?? '';
    if (this.names.includes(ifname)) throw new Error('RTNETLINK answers: File exists');
    if (ifname.length > 15) throw new Error(`"name" not a valid ifname`);
    const link = after('link');
    const kind = after('type');
    const id = after('id');
    this.add({
      ifname,
      ...(kind !== undefined && { kind }),
      ...(link !== undefined && { link: this.#known(link).ifname }),
      ...(id !== undefined && { vlan: Number(id) }),
    });
  }

  #set(link: DescribedLink, [word, value]: readonly string[]): void {
    if (word === 'up' || word === 'down') link.isUp = word === 'up';
    else if (word === 'nomaster') delete link.master;
    else if (word === 'master') link.master = this.#known(value).ifname;
    else if (word === 'alias' && value !== undefined) link.alias = value;
    else if (word !== 'addrgenmode')
      throw new Error(`Error: either "dev" is duplicate, or "${word}" is garbage.`);
  }

  #known(name: string | undefined): DescribedLink {
    const found = this.#links.find(({ ifname }) => ifname === name);
    if (found !== undefined) return found;
    throw new Error(`Cannot find device "${name}"`);
  }
}
