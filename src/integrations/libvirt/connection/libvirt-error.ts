/** Converts libvirt's errors: the code determines the kind; code, domain and text are kept. */
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { WireFailure } from '../child/child-messages.ts';
import { errorCode, errorDomain } from '../xml/libvirt-numbers.ts';

/** A libvirt call that was refused or failed. */
export class LibvirtError extends ComputeError {
  /** Source: libvirt/virterror.h, `virErrorNumber`. 0: libvirt itself did not fail. */
  readonly code: number;
  /** The part of libvirt that failed. Source: libvirt/virterror.h, `virErrorDomain`. */
  readonly domain: number;
  /** libvirt's own message. */
  readonly text: string;

  /** `act`: the attempted act. Example: `start guest 0a1b…`. */
  constructor(act: string, { code, domain, text, call }: WireFailure) {
    const message = domain === errorDomain.rpc ? `no connection to libvirt: ${text}` : text;
    super(kindOf(code), `${act}: ${message}`, {
      detail: `${call}: libvirt error ${code} of domain ${domain}: ${text}`,
    });
    this.code = code;
    this.domain = domain;
    this.text = text;
  }

  /** Whether the connection broke, rather than libvirt refusing. */
  get isConnectionLost(): boolean {
    return this.domain === errorDomain.rpc;
  }
}

/** Whether this is a libvirt error with one of these codes. */
export function hasCode(error: unknown, ...codes: (keyof typeof errorCode)[]): boolean {
  return error instanceof LibvirtError && codes.some((name) => errorCode[name] === error.code);
}

function kindOf(code: number): ErrorKind {
  if (code === errorCode.noDomain || code === errorCode.noNetwork) return 'notFound';
  if (code === errorCode.operationInvalid || code === errorCode.resourceBusy) return 'conflict';
  return 'unavailable';
}
