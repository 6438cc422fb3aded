/** The file of `novella agent`: controller, join token, and this machine as a host. */
import { resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { checkedBy, parseYaml, type Place } from './config-file.ts';
import { key, required } from './described-key.ts';
import { HostSection, machineSize, type RealHostConfig, toHostConfig } from './host-config.ts';
import { readTextFile } from './text-file.ts';

const closed = { additionalProperties: false };

const Text = Type.String({ minLength: 1 });

/** Default directory of an agent's data. */
export const usualStateDir = '/var/lib/novella';

export const AgentFile = Type.Object(
  {
    controller: required(
      Type.Union([Text, Type.Array(Text, { minItems: 1 })]),
      "address of the controller's port for hosts; a list with several controllers",
    ),
    token: key(Text, 'the join token that `novella host enroll` printed', {
      unset: 'needed once, unless `token_file` is set',
    }),
    token_file: key(Text, 'file that contains it; read at each connection attempt', {
      unset: 'needed once, unless `token` is set',
    }),
    ca_file: key(
      Text,
      'deprecated, for a token of version 0.2 and older: PEM file of authorities to trust for the controller',
      { unset: "only Node's authorities" },
    ),
    state_dir: key(Text, "folder of guests' files, images, and unconfirmed results", {
      default: usualStateDir,
    }),
    host: Type.Optional(HostSection),
    simulated: Type.Optional(Type.Object(machineSize, closed)),
  },
  closed,
);

/** The token: in the configuration, or in a file that is read at each use. */
export type TokenSource = { text: string } | { file: string };

export interface AgentConfig {
  /** At least one, without a path. Example: `https://192.0.2.10:8785`. */
  controllerUrls: string[];
  /** undefined: none; the host has joined. */
  token: TokenSource | undefined;
  /** PEM file of additional authorities to trust for a controller that takes a token. */
  caFile: string | undefined;
  stateDir: string;
  host: RealHostConfig;
  /** A simulated machine of this size instead of the real one; undefined: the real one. */
  simulated: { vcpus: number; memoryMib: number; diskGib: number } | undefined;
}

/** Throws `invalid` naming file, line, key and rule. */
export function readAgentConfig(path: string): AgentConfig {
  return parseAgentConfig(readTextFile(path), path);
}

/** As `readAgentConfig`, of a text; `path` names it in messages. */
export function parseAgentConfig(text: string, path: string): AgentConfig {
  const { content, place } = parseYaml(text, path);
  const file = checkedBy(AgentFile, content, place);
  if (file.simulated !== undefined && file.host?.libvirt !== undefined) {
    throw wrong(
      place(['simulated']),
      'a simulated machine has no libvirt: leave out one of the two',
    );
  }
  const {
    vcpus = 8,
    memory_mib: memoryMib = 16_384,
    disk_gib: diskGib = 200,
  } = file.simulated ?? {};
  return {
    controllerUrls: controllersOf(file, place),
    token: tokenOf(file, place),
    caFile: file.ca_file === undefined ? undefined : resolve(file.ca_file),
    stateDir: resolve(file.state_dir ?? usualStateDir),
    host: toHostConfig(file.host, place),
    simulated: file.simulated === undefined ? undefined : { vcpus, memoryMib, diskGib },
  };
}

function controllersOf({ controller }: Static<typeof AgentFile>, place: Place): string[] {
  if (typeof controller === 'string') return [urlOf(controller, place(['controller']))];
  return controller.map((one, at) => urlOf(one, place(['controller', at])));
}

function urlOf(controller: string, where: string): string {
  const url = URL.canParse(controller) ? new URL(controller) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname)) {
    return url.origin;
  }
  throw wrong(
    where,
    `"${controller}": must be the address of the controller's port for hosts, such as https://192.0.2.10:8785`,
  );
}

function tokenOf(
  { token, token_file: file }: Static<typeof AgentFile>,
  place: Place,
): TokenSource | undefined {
  if (token !== undefined && file !== undefined) {
    throw wrong(place(['token']), 'is not allowed together with token_file: remove one of the two');
  }
  if (token !== undefined) return { text: token };
  return file === undefined ? undefined : { file: resolve(file) };
}

/** Reads the token now. Throws `invalid` when its file cannot be read, or is empty. */
export function readToken(source: TokenSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  if ('text' in source) return source.text;
  const token = readTextFile(source.file).trim();
  if (token !== '') return token;
  throw wrong(source.file, 'is empty: it must hold the token that "novella host enroll NAME" gave');
}

function wrong(where: string, rule: string): ComputeError {
  return new ComputeError('invalid', `${where}: ${rule}`);
}
