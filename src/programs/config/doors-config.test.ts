import { expect, test } from 'vitest';
import { tlsFiles } from '#test/tls/tls-files.ts';
import { parseConfig } from './config.ts';
import { readTls } from './doors-config.ts';

const config = (text: string) => parseConfig(text, 'novella.yaml');

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('clear text is for %s', (listen) => {
  expect(readTls(config(`listen: "${listen}"`))).toBeUndefined();
});

test.each(['0.0.0.0', '::', '192.0.2.7', 'cloud.example'])(
  'clear text on %s is refused unless it is allowed',
  (listen) => {
    expect(() => readTls(config(`listen: "${listen}"`))).toThrow(
      `listen: other machines reach ${listen}, and passwords and tokens would travel in clear text`,
    );
    expect(readTls(config(`{listen: "${listen}", allow_clear_text: true}`))).toBeUndefined();
    const tls = `{certificate: ${tlsFiles.certificate}, key: ${tlsFiles.key}}`;
    expect(readTls(config(`{listen: "${listen}", tls: ${tls}}`))).toBeDefined();
  },
);

test('metrics in clear text are refused on an address that other machines reach', () => {
  const metrics = 'metrics: {port: 9510, listen: 192.0.2.7}';
  expect(() => readTls(config(`{${metrics}}`))).toThrow('metrics.listen: other machines reach');
  expect(readTls(config(`{${metrics}, allow_clear_text: true}`))).toBeUndefined();
  expect(readTls(config('metrics: {port: 9510}'))).toBeUndefined();
});

test('unusable TLS files are named', () => {
  const read = (certificate: string, key: string) => () =>
    readTls(config(`tls: {certificate: ${certificate}, key: ${key}}`));
  expect(read('/nowhere/c.pem', tlsFiles.key)).toThrow('tls.certificate: /nowhere/c.pem cannot');
  expect(read(tlsFiles.certificate, '/nowhere/k')).toThrow('tls.key: /nowhere/k cannot be read');
  expect(read(tlsFiles.key, tlsFiles.key)).toThrow('must be a certificate and its key, in PEM');
  expect(read(tlsFiles.caFile, tlsFiles.key)).toThrow('must be a certificate and its key, in PEM');
});

test.each(['cloud.example', 'ftp://cloud.example', 'https://cloud.example/compute', 'https://'])(
  'public_url.compute may not be %s',
  (url) => {
    expect(() => config(`public_url: {compute: "${url}"}`)).toThrow(
      `novella.yaml:1 public_url.compute: "${url}" must be a scheme, a host`,
    );
  },
);

test('a public URL is stored without a trailing slash', () => {
  const { publicUrls } = config('public_url: {compute: "https://cloud.example:8774/"}');
  expect(publicUrls).toEqual({ compute: 'https://cloud.example:8774' });
});

test('consoles have Nova’s lifetime of tokens, and are where the compute service is', () => {
  expect(config('{}').consoles).toEqual({ tokenMs: 600_000, allowedOrigins: [] });
  const beside = config('public_url: {compute: "https://cloud.example:8774"}');
  expect(beside.consoles).toMatchObject({
    url: 'https://cloud.example:8774',
    allowedOrigins: ['cloud.example:8774'],
  });
  const text =
    'consoles: {url: "https://consoles.example/", token_ttl: 60, allowed_origins: [Lab.example:81]}';
  expect(config(text).consoles).toEqual({
    url: 'https://consoles.example',
    tokenMs: 60_000,
    allowedOrigins: ['consoles.example', 'Lab.example:81'],
  });
});

test.each([
  ['consoles: {url: "consoles.example"}', /consoles\.url: "consoles\.example" must be a scheme/],
  ['consoles: {token_ttl: 5}', /consoles\.token_ttl/],
  [
    'consoles: {allowed_origins: ["https://a.example"]}',
    /consoles\.allowed_origins.*"https:\/\/a\.example" must be a host/,
  ],
  ['consoles: {allowed_origins: ["a.example/x"]}', /must be a host and perhaps a port/],
])('%s is refused', (text, message) => {
  expect(() => config(text)).toThrow(message);
});
