/** libvirt.so.0 through koffi: every call that may block runs on a pool thread. */
import koffi from 'koffi';
import {
  callbackPrototypes,
  type FunctionName,
  parameterTypes,
  parameterValue,
  prototypes,
  qemuPrototypes,
  structures,
} from './prototypes.ts';
import type { DomainStats } from './child-messages.ts';

/** The address of a libvirt object. Example: 140 737 488 355 328n. */
export type Pointer = bigint;

/** An error from libvirt. Source: libvirt/virterror.h, `virError`. */
export interface LibvirtFailure {
  code: number;
  domain: number;
  text: string;
}

type NativeFunction = ((...args: unknown[]) => unknown) & {
  async: (...args: unknown[]) => void;
};

/** libvirt, loaded once per process. */
export interface Library {
  /** Runs on a pool thread. */
  call(name: FunctionName, ...args: unknown[]): Promise<unknown>;
  /** Runs synchronously: for calls that only read the library's memory. */
  read(name: FunctionName, ...args: unknown[]): unknown;
  /** A JavaScript function that libvirt may call from any thread; it runs here. */
  callback(type: keyof typeof callbackPrototypes, run: (...args: never[]) => unknown): Pointer;
  release(callback: Pointer): void;
  failureAt(error: Pointer): LibvirtFailure;
  uuidOf(domain: Pointer): string;
  /** The handles of an array that libvirt handed over; the array itself is freed. */
  /** The values of the first record of an array that libvirt handed over; the array is freed. */
  takeStats(array: Pointer | null, count: number): DomainStats;
  /** The values of a list of typed parameters that libvirt handed over; it is freed. */
  takeParameters(array: Pointer | null, count: number): DomainStats;
  takeHandles(array: Pointer | null, count: number): Pointer[];
}

/** Throws when libvirt.so.0 is not installed, or lacks a function (libvirt older than 5.0). */
export function loadLibvirt(): Library {
  // libvirt's stack frames hold entire messages; koffi's own 128 KiB are for small functions.
  koffi.config({ async_stack_size: 2 ** 20, async_heap_size: 2 ** 18, resident_async_pools: 16 });
  declareTypes();
  const functions = {
    ...functionsOf('libvirt.so.0', prototypes),
    ...functionsOf('libvirt-qemu.so.0', qemuPrototypes),
  } as unknown as Record<FunctionName, NativeFunction>;
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        functions[name].async(...args, (error: Error | null, result: unknown) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      }),
    read: (name, ...args) => functions[name](...args),
    callback: (type, run) => koffi.register(run, type),
    release: (callback) => koffi.unregister(callback),
    failureAt: (error) => {
      const { code, domain, message } = koffi.decode(error, 'virError') as {
        code: number;
        domain: number;
        message: string | null;
      };
      return { code, domain, text: message ?? `error ${code}` };
    },
    uuidOf: (domain) => {
      const buffer = Buffer.alloc(37);
      functions.virDomainGetUUIDString(domain, buffer);
      return buffer.toString('latin1', 0, 36);
    },
    takeStats: (array, count) => {
      if (array === null) return {};
      const [record] =
        count === 0 ? [] : (koffi.decode(array, 'virDomainStatsRecordPtr', count) as Pointer[]);
      const stats = record === undefined ? {} : statsOf(record);
      functions.virDomainStatsRecordListFree(array);
      return stats;
    },
    takeParameters: (array, count) => {
      const stats = array === null ? {} : valuesOf(array, count);
      functions.virTypedParamsFree(array, count);
      return stats;
    },
    takeHandles: (array, count) => {
      if (array === null) return [];
      const handles = count === 0 ? [] : (koffi.decode(array, 'virDomainPtr', count) as Pointer[]);
      koffi.free(array);
      return [...handles];
    },
  };
}

function functionsOf(file: string, declared: Readonly<Record<string, string>>) {
  const library = koffi.load(file);
  return Object.fromEntries(
    Object.entries(declared).map(([name, prototype]) => [name, library.func(prototype)]),
  );
}

function statsOf(record: Pointer): DomainStats {
  const { params, nparams } = koffi.decode(record, 'virDomainStatsRecord') as {
    params: Pointer;
    nparams: number;
  };
  return valuesOf(params, nparams);
}

function valuesOf(params: Pointer, count: number): DomainStats {
  if (count === 0) return {};
  const parameters = koffi.decode(params, 'virTypedParameter', count) as {
    field: string;
    type: number;
    value: Record<string, number | bigint | string>;
  }[];
  return Object.fromEntries(
    parameters.flatMap(({ field, type, value }) => {
      const found = value[parameterTypes[type] ?? 'i'];
      return [[field, typeof found === 'bigint' ? Number(found) : (found ?? 0)]];
    }),
  );
}

function declareTypes(): void {
  const handles = ['virConnectPtr', 'virDomainPtr', 'virNetworkPtr', 'virNodeDevicePtr'];
  for (const handle of [...handles, 'virFreeCallback']) {
    koffi.pointer(handle, koffi.opaque());
  }
  koffi.union('virTypedParameterValue', parameterValue);
  for (const [name, members] of Object.entries(structures)) {
    koffi.pointer(`${name}Ptr`, koffi.struct(name, members));
  }
  for (const [name, prototype] of Object.entries(callbackPrototypes)) {
    // In the headers the name is that of the pointer; koffi needs one for the function too.
    const declared = koffi.proto(prototype.replace(`${name}(`, `${name}_function(`));
    koffi.pointer(name, declared);
  }
}
