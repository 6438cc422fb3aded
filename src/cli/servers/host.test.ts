import { afterAll, beforeAll, expect, test } from 'vitest';
import { aHostView } from '#test/worlds/operator-views.ts';
import { type RecordedCloud, startRecordedCloud } from '#test/worlds/recorded-cloud.ts';
import { typed } from '#test/worlds/typed-command.ts';
import type { EnrolmentView } from '#client/shapes/hosts.ts';

const certificate = {
  serial: '01ab',
  not_before: '2026-01-02T03:04:05Z',
  not_after: '2096-04-02T03:04:05Z',
  revoked_at: null,
};
const enrolment = {
  host: 'hv1',
  enrolled_at: '2026-01-02T03:04:05Z',
  revoked_at: null,
  join_expires_at: null,
  certificate,
  has_endless_token: false,
};
const newEnrolment = {
  host: 'hv1',
  enrolled_at: '2026-01-02T03:04:05Z',
  token: 'novella-join-abc',
  expires_at: '2026-01-02T04:04:05Z',
  controller: 'https://192.0.2.10:8785',
};
const host = aHostView();
const enrolments: EnrolmentView[] = [
  {
    ...enrolment,
    link: { address: '192.0.2.7', since: '2026-01-02T03:04:05Z', certificate: 'a1' },
  },
  { ...enrolment, host: 'hv2', revoked_at: '2026-01-03T03:04:05Z', link: null },
  {
    ...enrolment,
    host: 'hv3',
    certificate: { ...certificate, not_after: '2026-01-03T03:04:05Z' },
    link: null,
  },
  { ...enrolment, host: 'hv4', certificate: null, has_endless_token: true, link: null },
  {
    ...enrolment,
    host: 'hv5',
    certificate: null,
    join_expires_at: '2096-01-02T04:04:05Z',
    link: null,
  },
  {
    ...enrolment,
    host: 'hv6',
    certificate: null,
    join_expires_at: '2026-01-02T04:04:05Z',
    link: null,
  },
];

let cloud: RecordedCloud;
beforeAll(async () => {
  cloud = await startRecordedCloud();
  const made = { status: 201, body: { enrolment: newEnrolment } };
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
  expect(text).toContain('until 2026-01-02T04:04:05Z');
  expect(text).toContain('\n  novella-join-abc\n');
  expect(text).toContain('"controller: https://192.0.2.10:8785"');
  expect(text).not.toContain('Only this machine');
  expect(cloud.received.at(-1)?.body).toEqual({ replace: false });
});

test('host enroll --quiet prints only the token; --json the document of the API', async () => {
  expect(await run('host enroll hv1 --replace --quiet')).toBe('novella-join-abc\n');
  expect(cloud.received.at(-1)?.body).toEqual({ replace: true });
  expect(JSON.parse(await run('host enroll hv1 --json'))).toEqual({
    enrolment: newEnrolment,
  });
  await run('host enroll hv1 --valid 30m --quiet');
  expect(cloud.received.at(-1)?.body).toEqual({ replace: false, valid_for: 1_800 });
});

test('host enroll reports that a controller on a loopback address is not reachable by others', async () => {
  const controller = 'https://127.0.0.1:8785';
  const made = { status: 201, body: { enrolment: { ...newEnrolment, host: 'hv7', controller } } };
  cloud.answer('POST /novella/v1/hosts/hv7/enrolment', made);
  expect(await run('host enroll hv7')).toContain('Only this machine can connect there');
});

test('host list shows hosts of the process, linked ones, and those that never linked', async () => {
  expect(await run('host list')).toBe(
    [
      'HOST    STATE       STATUS   CERTIFICATE          LINKED FROM  LAST SEEN             GUESTS  FREE DEVICES',
      'host-1  up          enabled  -                    -            2026-01-02T03:04:05Z       3            10',
      'hv1     up          enabled  until 2096-04-02     192.0.2.7    2026-01-02T03:04:05Z       3            10',
      'hv2     never seen  -        revoked              -            -                          -             -',
      'hv3     never seen  -        expired              -            -                          -             -',
      'hv4     never seen  -        none: token of 0.2   -            -                          -             -',
      'hv5     never seen  -        none: may join       -            -                          -             -',
      'hv6     never seen  -        none: token expired  -            -                          -             -',
      '',
    ].join('\n'),
  );
  expect(JSON.parse(await run('host list --json'))).toMatchObject({ enrolments });
});

test('host forget reports its result, and a refusal with the reason', async () => {
  expect(await run('host forget hv1')).toBe(
    'Host hv1 was removed, with its devices and its certificate.\n',
  );
  expect(await run('host forget hv1 --json')).toBe('{}\n');
  await expect(run('host forget hv9')).rejects.toMatchObject({ kind: 'notFound' });
});

test('host rotate returns once the host has connected with its new certificate', async () => {
  const shown = (serial: string, by: string) => ({
    ...enrolments[0]!,
    certificate: { ...enrolments[0]!.certificate!, serial },
    link: { ...enrolments[0]!.link!, certificate: by },
  });
  let states: object[] = [];
  cloud.answer('GET /novella/v1/hosts/enrolments', () => {
    const [state] = states.length > 1 ? states.splice(0, 1) : states;
    return { body: { enrolments: [state] } };
  });
  cloud.answer('POST /novella/v1/hosts/hv1/certificate', { status: 204, body: '' });
  try {
    states = [shown('a1', 'a1'), shown('a1', 'a1'), shown('b2', 'a1'), shown('b2', 'b2')];
    expect(await run('host rotate hv1')).toBe(
      'Host hv1 has a new certificate, until 2096-04-02T03:04:05Z; the older one is refused.\n',
    );
    expect(states).toHaveLength(1);
    states = [shown('a1', 'a1'), shown('b2', 'b2')];
    expect(JSON.parse(await run('host rotate hv1 --json'))).toEqual({
      enrolment: shown('b2', 'b2'),
    });
  } finally {
    cloud.answer('GET /novella/v1/hosts/enrolments', { body: { enrolments } });
  }
  await expect(run('host rotate hv9')).rejects.toMatchObject({ kind: 'notFound' });
});

test('host revoke reports its result, and a refusal with the reason', async () => {
  expect(await run('host revoke hv1')).toBe(
    'Host hv1 is revoked: it is disconnected, and its guests keep running.\n',
  );
  expect(await run('host revoke hv1 --json')).toBe('{}\n');
  await expect(run('host revoke hv9')).rejects.toMatchObject({ kind: 'notFound' });
});
