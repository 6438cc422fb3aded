import { afterAll, beforeAll, expect, test } from 'vitest';
import { aHostView } from '#test/worlds/operator-views.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';
import type { EnrolmentView } from '#client/shapes/hosts.ts';

const enrolment = { host: 'hv1', enrolled_at: '2026-01-02T03:04:05Z', revoked_at: null };
const host = aHostView();
const enrolments: EnrolmentView[] = [
  { ...enrolment, link: { address: '192.0.2.7', since: '2026-01-02T03:04:05Z' } },
  { ...enrolment, host: 'hv2', revoked_at: '2026-01-03T03:04:05Z', link: null },
];

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  const made = { status: 201, body: { enrolment: { ...enrolment, token: 'novella-host-abc' } } };
  cloud.answer('POST /novella/v1/hosts/hv1/enrolment', made);
  cloud.answer('DELETE /novella/v1/hosts/hv1/enrolment', { status: 204, body: '' });
  cloud.answer('DELETE /novella/v1/hosts/hv1', { status: 204, body: '' });
  cloud.answer('GET /novella/v1/hosts', { body: { hosts: [host, { ...host, name: 'hv1' }] } });
  cloud.answer('GET /novella/v1/hosts/enrolments', { body: { enrolments } });
});
afterAll(() => cloud.stop());

const run = async (line: string): Promise<string> => (await typed(cloud, line)).text;

test('host enroll prints the token and its use', async () => {
  const text = await run('host enroll hv1');
  expect(text).toContain('\n  novella-host-abc\n');
  expect(text).toContain('not shown again');
  expect(text).toContain('token_file');
  expect(cloud.received.at(-1)?.body).toEqual({ replace: false });
});

test('host enroll --quiet prints only the token; --json the document of the API', async () => {
  expect(await run('host enroll hv1 --replace --quiet')).toBe('novella-host-abc\n');
  expect(cloud.received.at(-1)?.body).toEqual({ replace: true });
  expect(JSON.parse(await run('host enroll hv1 --json'))).toEqual({
    enrolment: { ...enrolment, token: 'novella-host-abc' },
  });
});

test('host list shows hosts of the process, linked ones, and those that never linked', async () => {
  expect(await run('host list')).toBe(
    [
      'HOST    STATE       STATUS   TOKEN    LINKED FROM  LAST SEEN             GUESTS  FREE',
      'host-1  up          enabled  -        -            2026-01-02T03:04:05Z       3    10',
      'hv1     up          enabled  good     192.0.2.7    2026-01-02T03:04:05Z       3    10',
      'hv2     never seen  -        revoked  -            -                          -     -',
      '',
    ].join('\n'),
  );
  expect(JSON.parse(await run('host list --json'))).toMatchObject({ enrolments });
});

test('host forget reports its result, and a refusal with the reason', async () => {
  expect(await run('host forget hv1')).toBe(
    'Host hv1 was removed, with its devices and its token.\n',
  );
  expect(await run('host forget hv1 --json')).toBe('{}\n');
  await expect(run('host forget hv9')).rejects.toMatchObject({ kind: 'notFound' });
});

test('host revoke reports its result, and a refusal with the reason', async () => {
  expect(await run('host revoke hv1')).toBe(
    'The token of host hv1 is revoked; its guests keep running.\n',
  );
  expect(await run('host revoke hv1 --json')).toBe('{}\n');
  await expect(run('host revoke hv9')).rejects.toMatchObject({ kind: 'notFound' });
});
