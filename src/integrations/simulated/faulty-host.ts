/**
 * The parts of a simulated host as one agent uses them: with the host's faults, and unresponsive
 * once the agent is dead.
 */
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import type { GuestTransfer } from '#contracts/host/guest-transfer.ts';
import type { HostBridges } from '#contracts/host/host-bridges.ts';
import type { HostLinks } from '#contracts/host/host-links.ts';
import type { HostTaps } from '#contracts/host/host-taps.ts';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { Hypervisor, HypervisorChange } from '#contracts/host/hypervisor.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import type { GuestNic } from '#core/guests/description/guest.ts';
import type { ChangeCounter } from '#runtime/timing/change-counter.ts';
import type { HostFaults } from './host-faults.ts';

/** One call of an agent. Example: `{ part: 'hypervisor', act: 'start' }`. */
export interface HostCall {
  part: keyof ActedOn;
  act: string;
}

/** Called before and after each call of an agent; the call throws what it throws. */
export type CallWatcher = (call: HostCall, when: 'before' | 'after') => void;

/** The process of an agent. Once it has ended, none of its calls returns. */
export interface AgentLife {
  isOver: boolean;
  watcher: CallWatcher | undefined;
  /** Of each call that may have changed the host, or failed. */
  changes: ChangeCounter;
}

/** What an agent acts on. */
export interface ActedOn {
  hypervisor: Hypervisor;
  pciBus: PciBus;
  guestFiles: GuestFiles;
  transfer?: GuestTransfer;
  bridges: HostBridges;
  taps: HostTaps;
  links: HostLinks;
  memory: HostMemory;
}

export function faultyHost(
  { hypervisor, pciBus, guestFiles, transfer, bridges, taps, links, memory }: ActedOn,
  { faults, life }: { faults: HostFaults; life: AgentLife },
): ActedOn {
  const refusing = refusingHypervisor(hypervisor, faults);
  return {
    hypervisor: lived('hypervisor', refusing, life),
    pciBus: lived('pciBus', faultyBus(pciBus, faults), life),
    guestFiles: lived('guestFiles', refusingFiles(guestFiles, faults), life),
    ...(transfer !== undefined && { transfer: lived('transfer', transfer, life) }),
    bridges: lived('bridges', bridges, life),
    taps: lived('taps', taps, life),
    links: lived('links', links, life),
    memory: lived('memory', memory, life),
  };
}

/** Not acts on the host, and never refused. */
const plain = new Set(['watch', 'close']);

/** Calls that change nothing on the host. */
const reads = new Set(
  `facts counters listGuests domainXml listFunctions functionAt driverOf ifnameOf vdpaDeviceOf isUp vfState vfTraffic
  unsupportedSettings deviceFacts vfCount read keys consoleOutput list offer interfaceNamed interfaceOf
  checkArrival progress`.split(/\s+/),
);

function lived<Part extends object>(part: HostCall['part'], inner: Part, life: AgentLife): Part {
  return wrapped(inner, (act, call) => {
    const isRead = reads.has(act);
    return async (given) => {
      if (life.isOver) await never();
      if (!isRead) life.changes.add();
      try {
        life.watcher?.({ part, act }, 'before');
        if (life.isOver) await never();
        const result = await call(given);
        if (!isRead) life.changes.add();
        if (life.isOver) await never();
        life.watcher?.({ part, act }, 'after');
        if (life.isOver) await never();
        return result;
      } catch (error) {
        life.changes.add();
        throw error;
      }
    };
  });
}

function never(): Promise<void> {
  return new Promise(() => {});
}

function refusingHypervisor(inner: Hypervisor, faults: HostFaults): Hypervisor {
  const refusing = wrapped(inner, (act, call) => async (given) => {
    faults.refuseCall();
    if (act === 'start' && faults.any) {
      faults.refuseStart((await inner.listGuests()).find(({ id }) => id === given[0]));
    }
    if (act === 'detachNic') {
      const [guestId, { portId }] = given as [string, GuestNic];
      faults.refuseRelease(guestId, `the device of port ${portId}`);
    }
    return call(given);
  });
  const watch = (listener: (change: HypervisorChange) => void): (() => void) => {
    const unwatch = inner.watch((change) => {
      if (!faults.has('libvirt-absent')) listener(change);
    });
    const unlisten = faults.onChange((fault, isOn) => {
      if (fault === 'libvirt-absent') listener({ what: isOn ? 'lost' : 'back' });
    });
    return () => {
      unwatch();
      unlisten();
    };
  };
  return replaced(refusing, { watch });
}

function refusingFiles(inner: GuestFiles, faults: HostFaults): GuestFiles {
  return replaced(inner, {
    async prepare(guest, how) {
      faults.refuseFiles(guest.id);
      await inner.prepare(guest, how);
    },
    async copyDisk(guestId, imageId) {
      faults.refuseFiles(guestId);
      await inner.copyDisk(guestId, imageId);
    },
    async prepareRescue(guest) {
      faults.refuseFiles(guest.id);
      await inner.prepareRescue(guest);
    },
  });
}

const foreignDriver = 'uio_pci_generic';

function faultyBus(inner: PciBus, faults: HostFaults): PciBus {
  return replaced(inner, {
    async listFunctions() {
      const listed = await inner.listFunctions();
      if (!faults.has('foreign-driver')) return listed;
      const functions = listed.functions.map((fn) =>
        fn.deviceType === 'type-VF' ? { ...fn, ifname: null } : fn,
      );
      return { ...listed, functions };
    },
    async ifnameOf(address) {
      return faults.has('foreign-driver') ? null : inner.ifnameOf(address);
    },
    async deviceFacts(address) {
      const facts = await inner.deviceFacts(address);
      const pf = facts.pf && { ...facts.pf, isUp: !faults.has('pf-down') };
      const isTaken = faults.has('foreign-macvtap') && facts.pf !== null;
      return {
        ...facts,
        pf,
        ...(isTaken && { uses: [...facts.uses, `the macvtap interface foreign0 is on it`] }),
        ...(faults.has('foreign-driver') && { driver: foreignDriver }),
        ...(faults.has('iommu-off') && { iommuGroup: null }),
      };
    },
  });
}

/** The same object with these members replaced. */
function replaced<Part extends object>(inner: Part, members: Partial<Part>): Part {
  return withFunctions(inner, (name, member) => {
    const replacement: unknown = Reflect.get(members, name);
    // Members of a class with private fields need their own object as `this`.
    return typeof replacement === 'function' ? replacement.bind(inner) : member.bind(inner);
  });
}

type Call = (given: unknown[]) => Promise<unknown>;

/** The same object with each act wrapped by `around`. */
function wrapped<Part extends object>(
  inner: Part,
  around: (act: string, call: Call) => Call,
): Part {
  return withFunctions(inner, (name, member) => {
    const act = String(name);
    if (plain.has(act)) return member.bind(inner);
    const call = around(act, (given) => Reflect.apply(member, inner, given) as Promise<unknown>);
    return (...given: unknown[]) => call(given);
  });
}

type Member = (...given: never[]) => unknown;

/**
 * The same object with other functions. They are made for each call: those of thousands of hosts
 * would be kept for nothing.
 */
function withFunctions<Part extends object>(
  inner: Part,
  make: (name: string | symbol, member: Member) => unknown,
): Part {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? make(name, member as Member) : member;
    },
  });
}
