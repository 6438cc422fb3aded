import { expect, test } from 'vitest';
import { logTo } from './log.ts';
import { logOptions } from './log-choices.ts';

function logged(format: 'auto' | 'text' | 'json', isTTY: boolean): string[] {
  const lines: string[] = [];
  const stream = { isTTY, write: (line: string) => lines.push(line) > 0 };
  const log = logTo(stream, { level: 'info', format });
  log.debug('not shown');
  log.warn({ host: 'host-1', problems: ['a'] }, 'libvirt\u001b[2J does not answer');
  const facts = { method: 'GET', path: '/v2.1/servers', status: 200, ms: 7, requestId: 'req-1' };
  log.info({ ...facts, user: 'u1' }, 'GET /v2.1/servers 200');
  log.error({ err: new Error('disk\nfull') }, 'bug');
  return lines;
}

test('on a terminal the log has time, level, message and facts, one line each', () => {
  expect(logged('auto', true).map((line) => line.replace(/^\d\d:\d\d:\d\d /, 'T '))).toEqual([
    'T WARN  libvirt [2J does not answer  host=host-1  problems=["a"]\n',
    'T INFO  GET /v2.1/servers 200  ms=7  requestId=req-1  user=u1\n',
    'T ERROR bug  err=disk full\n',
  ]);
});

test('elsewhere the log is JSON, and either format can be configured', () => {
  const [first = ''] = logged('auto', false);
  expect(JSON.parse(first)).toMatchObject({ level: 40, host: 'host-1' });
  expect(logged('json', true)[0]).toMatch(/^\{"level":40/);
  expect(logged('text', false)[0]).toMatch(/ WARN {2}libvirt/);
});

test('the command line takes precedence over the configuration', () => {
  const configured = { level: 'warn', format: 'json' } as const;
  expect(logOptions({}, configured)).toEqual(configured);
  expect(logOptions({ logFormat: 'text', verbose: true }, configured)).toEqual({
    level: 'debug',
    format: 'text',
  });
});
