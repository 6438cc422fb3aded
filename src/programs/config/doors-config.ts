/**
 * How clients reach the services: ports, TLS, public addresses, and whether clear text may leave
 * this machine.
 */
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Static, Type } from 'typebox';
import { ComputeError, errorText } from '#core/errors.ts';
import type { Place } from './config-file.ts';
import { key, required } from './described-key.ts';

const closed = { additionalProperties: false };
const File = Type.String({ minLength: 1 });
const Url = (service: string) =>
  key(
    Type.String({ minLength: 1 }),
    `where clients reach the ${service} service: scheme, host and optionally a port`,
    { unset: 'taken from each request' },
  );

/** OpenStack's ports; that of hosts is near Nova's, and no service of OpenStack's has it. */
export const standardPorts: ServicePorts = {
  compute: 8774,
  identity: 5000,
  network: 9696,
  image: 9292,
  hosts: 8785,
};

const Port = Type.Integer({ minimum: 0, maximum: 65535 });

export const PortsSection = Type.Object(
  {
    compute: key(Port, 'port of the compute API; 0: a free one', {
      default: standardPorts.compute,
    }),
    identity: key(Port, 'port of the embedded identity service', {
      default: standardPorts.identity,
    }),
    network: key(Port, 'port of the embedded network service', {
      default: standardPorts.network,
    }),
    image: key(Port, 'port of the embedded image service', { default: standardPorts.image }),
    hosts: key(Port, 'port that agents connect to; opened when the first host is enrolled', {
      default: standardPorts.hosts,
    }),
  },
  { additionalProperties: false },
);

/** 1.5 MB of text. */
const standardVfs = 1_000;

export const MetricsSection = Type.Object(
  {
    port: required(Port, 'port of `GET /metrics` for Prometheus; 0: a free one'),
    listen: key(
      Type.String({ minLength: 1 }),
      'its address; without sign-in, it names hosts, servers and projects',
      { unset: '127.0.0.1, this machine alone' },
    ),
    vfs: key(
      Type.Integer({ minimum: 0, maximum: 1_000_000 }),
      'most VFs of guests whose traffic is shown, with six series each; 0: hosts report none',
      { unset: String(standardVfs) },
    ),
  },
  closed,
);

export const TlsSection = Type.Object(
  {
    certificate: required(File, 'PEM file with the certificate of all services, and its chain'),
    key: required(File, 'PEM file with its key'),
    ca_file: key(File, 'PEM file of the authorities that clients need to trust it', {
      unset: 'clients already trust the authority',
    }),
  },
  closed,
);
export const PublicUrlSection = Type.Object(
  {
    compute: Url('compute'),
    identity: Url('identity'),
    network: Url('network'),
    image: Url('image'),
    hosts: key(
      Type.String({ minLength: 1 }),
      'where agents reach the port for hosts: https, a host and optionally a port',
      { unset: '`listen` and `ports.hosts`; of all addresses the first of this machine' },
    ),
  },
  closed,
);

/** Source: Nova `[consoleauth] token_ttl`. */
const standardTokenSeconds = 600;

export const ConsoleSection = Type.Object(
  {
    url: key(
      Type.String({ minLength: 1 }),
      'where clients reach consoles: scheme, host and optionally a port',
      { unset: '`public_url.compute`; without that, taken from each request' },
    ),
    token_ttl: key(
      Type.Integer({ minimum: 10, maximum: 86_400 }),
      'how long the address of a console can be opened',
      { unit: 's', default: standardTokenSeconds },
    ),
    allowed_origins: key(
      Type.Array(Type.String({ minLength: 1, maxLength: 255 })),
      'hosts (`HOST` or `HOST:PORT`) of other pages that may open a console',
      { default: [] },
    ),
  },
  { additionalProperties: false },
);

/** PEM files; `caFile` has the authorities that clients need beside their usual ones. */
export interface TlsConfig {
  certificate: string;
  key: string;
  caFile: string | undefined;
}

export type PublicUrls = Partial<
  Record<'compute' | 'identity' | 'network' | 'image' | 'hosts', string>
>;

export interface ServicePorts {
  compute: number;
  identity: number;
  network: number;
  image: number;
  hosts: number;
}

/** A free port for each service, chosen when it starts to listen. */
export const freePorts: ServicePorts = {
  compute: 0,
  identity: 0,
  network: 0,
  image: 0,
  hosts: 0,
};

interface MetricsConfig {
  listen: string;
  port: number;
  /** Of guests, whose traffic is shown. */
  vfs: number;
}

interface ConsoleConfig {
  url?: string;
  tokenMs: number;
  allowedOrigins: string[];
}

export interface DoorsConfig {
  consoles: ConsoleConfig;
  tls: TlsConfig | undefined;
  publicUrls: PublicUrls;
  /** Undefined: nothing is measured. */
  metrics: MetricsConfig | undefined;
  /** Passwords and tokens may travel in clear text to and from other machines. */
  allowClearText: boolean;
}

interface DoorsFile {
  tls?: Static<typeof TlsSection>;
  public_url?: Static<typeof PublicUrlSection>;
  allow_clear_text?: boolean;
  consoles?: Static<typeof ConsoleSection>;
  metrics?: Static<typeof MetricsSection>;
}

/** From these keys of a file. Throws `invalid` for an invalid public URL. */
export function toDoorsConfig(file: DoorsFile, place: Place): DoorsConfig {
  const { tls } = file;
  const publicUrls = Object.entries(file.public_url ?? {}).map(([service, url]) => [
    service,
    originIn(url, place(['public_url', service])),
  ]);
  const urls = Object.fromEntries(publicUrls) as PublicUrls;
  if (urls.hosts?.startsWith('http:') === true) {
    const where = place(['public_url', 'hosts']);
    throw new ComputeError('invalid', `${where}: "${urls.hosts}" must begin with https`);
  }
  return {
    tls: tls && {
      certificate: resolve(tls.certificate),
      key: resolve(tls.key),
      caFile: tls.ca_file === undefined ? undefined : resolve(tls.ca_file),
    },
    publicUrls: urls,
    metrics: file.metrics && { listen: '127.0.0.1', vfs: standardVfs, ...file.metrics },
    consoles: toConsoleConfig(file.consoles, place, urls.compute),
    allowClearText: file.allow_clear_text ?? false,
  };
}

/** `computeUrl`: the public one. Throws `invalid` for an invalid URL or origin. */
function toConsoleConfig(
  section: Static<typeof ConsoleSection> = {},
  place: Place,
  computeUrl: string | undefined,
): ConsoleConfig {
  const { token_ttl: seconds = standardTokenSeconds } = section;
  const own = section.url && originIn(section.url, place(['consoles', 'url']));
  const url = own ?? computeUrl;
  const origins = section.allowed_origins ?? [];
  for (const [at, origin] of origins.entries()) {
    if (hostIn(origin) === origin.toLowerCase()) continue;
    const where = place(['consoles', 'allowed_origins', at]);
    throw new ComputeError(
      'invalid',
      `${where}: "${origin}" must be a host and perhaps a port, such as dashboard.example`,
    );
  }
  return {
    ...(url !== undefined && { url }),
    tokenMs: seconds * 1_000,
    // The proxy's own page has the host of its URL, whatever a TLS proxy makes of the Host header.
    allowedOrigins: url === undefined ? origins : [new URL(url).host, ...origins],
  };
}

function hostIn(text: string): string | undefined {
  const url = `http://${text}`;
  return URL.canParse(url) && `${new URL(url).origin}/` === new URL(url).href
    ? text.toLowerCase()
    : undefined;
}

function originIn(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.host !== '';
  if (isOrigin && `${url.origin}/` === url.href) return url.origin;
  throw new ComputeError(
    'invalid',
    `${where}: "${text}" must be a scheme, a host and perhaps a port, such as https://cloud.example:8774`,
  );
}

/** Certificate and key, PEM. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
}

/**
 * The TLS settings of the services; undefined: clear text. Throws `invalid` for files that cannot
 * be read or do not match, and for clear text on an address that other machines reach, unless it is
 * allowed.
 */
export function readTls({
  listen,
  tls,
  allowClearText,
  metrics,
}: DoorsConfig & { listen: string }): TlsFiles | undefined {
  if (tls === undefined) {
    if (allowClearText) return undefined;
    if (metrics !== undefined && !isLoopback(metrics.listen)) {
      throw new ComputeError(
        'invalid',
        `metrics.listen: other machines reach ${metrics.listen}, and what Prometheus reads would travel in clear text: set tls.certificate and tls.key, or allow it with "allow_clear_text: true"`,
      );
    }
    if (isLoopback(listen)) return undefined;
    throw new ComputeError(
      'invalid',
      `listen: other machines reach ${listen}, and passwords and tokens would travel in clear text: set tls.certificate and tls.key, or allow it with "allow_clear_text: true"`,
    );
  }
  const files = {
    cert: fileOf('tls.certificate', tls.certificate),
    key: fileOf('tls.key', tls.key),
  };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw new ComputeError(
      'invalid',
      `tls: ${tls.certificate} and ${tls.key} must be a certificate and its key, in PEM: ${errorText(cause)}`,
      { cause },
    );
  }
  return files;
}

function isLoopback(address: string): boolean {
  if (isIPv4(address)) return address.startsWith('127.');
  return address === 'localhost' || address === '::1';
}

function fileOf(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ComputeError('invalid', `${key}: ${path} cannot be read: ${errorText(cause)}`, {
      cause,
    });
  }
}
