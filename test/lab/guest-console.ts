/**
 * The serial console of a micro guest: its reports, and commands typed to it. The protocol:
 * `guest/l2.sh`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LabHost } from './host.ts';

export interface GuestConsole {
  /**
   * All reports so far. Example: `[{ what: 'NIC', if: 'eth0', mac: '52:54:…', addr: '10.42.0.5/24'
   * }]`.
   */
  reports(): Promise<GuestReport[]>;
  /**
   * The first report that matches, once it is there. Throws with the console's end when it does not
   * come in time (default: ten minutes).
   */
  waitFor(like: Partial<GuestReport>, timeoutMs?: number): Promise<GuestReport>;
  /**
   * Types a command and returns the guest's reports until it was done. Example: `command('ping
   * 10.42.0.6')` → `[{ what: 'PING', address: '10.42.0.6', received: '2/2' }]`.
   */
  command(line: string, timeoutMs?: number): Promise<GuestReport[]>;
  /** Types a command that ends the guest, and waits for that. */
  type(line: string): Promise<void>;
}

/** One line of the guest for machines: `L2-WHAT key=value …`. */
export interface GuestReport {
  what: string;
  [key: string]: string;
}

/**
 * The console of a running domain whose serial port is a pty with this log file within the host.
 */
export function guestConsole(host: LabHost, domain: string, log: string): GuestConsole {
  const read = (offset = 0) => host.readFile(log, offset).catch(() => '');
  const reports = async () => parseReports(await read());
  return {
    reports,
    async waitFor(like, timeoutMs = 600_000) {
      const limit = Date.now() + timeoutMs;
      for (;;) {
        const found = (await reports()).find((report) => isLike(report, like));
        if (found !== undefined) return found;
        if (Date.now() > limit) {
          const tail = (await read()).split('\n').slice(-40).join('\n');
          throw new Error(`${domain} did not report ${JSON.stringify(like)}:\n${tail}`);
        }
        await delay(500);
      }
    },
    async command(line, timeoutMs = 300_000) {
      const offset = (await read()).length;
      await host.mustRun(typing(domain, line, log, offset), { timeoutMs });
      return parseReports(await read(offset)).filter(({ what }) => what !== 'DONE');
    },
    async type(line) {
      await host.mustRun(lastTyping(domain, line));
    },
  };
}

/** The reports in a console's text; other lines are skipped. */
export function parseReports(text: string): GuestReport[] {
  return text.split('\n').flatMap((line) => {
    const [, what, rest = ''] = /^L2-([A-Z-]+)(?: (.*?))?\r?$/.exec(line) ?? [];
    if (what === undefined) return [];
    const pairs = [...rest.matchAll(/(\S+?)=(\S*)/g)].map(([, key, value]) => [key, value]);
    return [{ what, ...Object.fromEntries(pairs) } as GuestReport];
  });
}

function isLike(report: GuestReport, like: Partial<GuestReport>): boolean {
  return Object.entries(like).every(([key, value]) => report[key] === value);
}

/** A script that types a command and waits until the guest has done it, as its log shows. */
function typing(domain: string, line: string, log: string, offset: number): string {
  return `${opened(domain)}
    cat <&3 > /dev/null & drain=$!
    trap 'kill $drain 2> /dev/null || true' EXIT
    printf '%s\\n' '${line}' >&3
    until tail -c +${offset + 1} '${log}' | grep -q '^L2-DONE'; do kill -0 $drain; sleep 0.3; done`;
}

/** A script that types a command and waits until the guest no longer runs. */
function lastTyping(domain: string, line: string): string {
  return `${opened(domain)}
    cat <&3 > /dev/null & drain=$!
    trap 'kill $drain 2> /dev/null || true' EXIT
    printf '%s\\n' '${line}' >&3
    while virsh -q list --name | grep -qx '${domain}'; do sleep 0.2; done`;
}

/**
 * The guest's terminal as file 3. It is held open, and emptied: QEMU notices a new client only
 * after a while, drops the input of one that has left, and stops the guest's output when an open
 * terminal is not emptied.
 */
function opened(domain: string): string {
  return `
    set -e
    trap '' HUP
    exec 3<> "$(virsh -q ttyconsole '${domain}')"`;
}
