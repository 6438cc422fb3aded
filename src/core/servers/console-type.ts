/** The types of consoles that users may request, and what serves each. */

/** Source: Nova compute API, `remote_console.protocol` and `remote_console.type`. */
const typesOf = {
  vnc: ['novnc', 'xvpvnc'],
  spice: ['spice-html5'],
  rdp: ['rdp-html5'],
  serial: ['serial'],
  mks: ['webmks'],
} as const;

export type ConsoleProtocol = keyof typeof typesOf;
export type ConsoleType = (typeof typesOf)[ConsoleProtocol][number];

/** Those that are offered. */
export type OfferedConsole = 'novnc' | 'serial';

/** Example: `vnc` → `['novnc', 'xvpvnc']`. */
export function consoleTypesOf(protocol: ConsoleProtocol): readonly ConsoleType[] {
  return typesOf[protocol];
}

export function isOffered(type: ConsoleType): type is OfferedConsole {
  return type === 'novnc' || type === 'serial';
}
