import { expect, test } from 'vitest';
import { signInGate } from './sign-in-gate.ts';

const time = { at: 1_000_000 };
const gate = () => signInGate({ now: () => time.at });
const admin = { user: 'admin', source: '192.0.2.1' };
const wrong = async () => false;
const right = async () => true;

test('ten wrong passwords in a row are checked, the next is refused without a check', async () => {
  const { admit } = gate();
  for (let at = 0; at < 10; at += 1) expect(await admit(admin, wrong)).toBe(false);
  await expect(admit(admin, right)).rejects.toMatchObject({ kind: 'tooManyRequests' });
});

test('another user, and the same user elsewhere, are not delayed', async () => {
  const { admit } = gate();
  for (let at = 0; at < 10; at += 1) await admit(admin, wrong);
  expect(await admit({ ...admin, source: '192.0.2.2' }, right)).toBe(true);
  expect(await admit({ ...admin, user: 'demo' }, right)).toBe(true);
});

test('a refused user may retry seconds later, and a correct password resets the count', async () => {
  const { admit } = gate();
  for (let at = 0; at < 10; at += 1) await admit(admin, wrong);
  time.at += 5_000;
  expect(await admit(admin, right)).toBe(true);
  for (let at = 0; at < 10; at += 1) expect(await admit(admin, wrong)).toBe(false);
});

test('of 200 wrong passwords at once ten are checked, and five seconds later the right one is', async () => {
  const { admit } = gate();
  let checked = 0;
  const attempts = Array.from({ length: 200 }, () =>
    admit(admin, async () => {
      checked += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return false;
    }),
  );
  const outcomes = await Promise.allSettled(attempts);
  expect(checked).toBe(10);
  expect(outcomes.filter(({ status }) => status === 'rejected').length).toBe(190);
  await expect(admit(admin, right)).rejects.toMatchObject({ retryAfterSeconds: 5 });
  time.at += 4_999;
  await expect(admit(admin, right)).rejects.toMatchObject({ retryAfterSeconds: 1 });
  time.at += 1;
  expect(await admit(admin, right)).toBe(true);
});

test('right passwords at once use up no budget', async () => {
  const { admit } = gate();
  const attempts = Array.from({ length: 30 }, () =>
    admit(admin, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return true;
    }),
  );
  expect(await Promise.all(attempts)).toEqual(attempts.map(() => true));
});

test('a check that fails is no wrong password', async () => {
  const { admit } = gate();
  const broken = async (): Promise<boolean> => {
    throw new Error('the disk is full');
  };
  for (let at = 0; at < 20; at += 1) await expect(admit(admin, broken)).rejects.toThrow('disk');
  expect(await admit(admin, right)).toBe(true);
});

test('in a flood few are checked at once, some wait, and the rest is refused at once', async () => {
  const { admit } = gate();
  let [running, most, checked] = [0, 0, 0];
  const slow = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running -= 1;
    checked += 1;
    return true;
  };
  const attempts = Array.from({ length: 300 }, (_, at) =>
    admit({ ...admin, user: `u${at}` }, slow),
  );
  const other = admit({ user: 'admin', source: '192.0.2.9' }, slow);
  const outcomes = await Promise.allSettled(attempts);
  expect(await other).toBe(true);
  expect(most).toBeLessThanOrEqual(4);
  expect(checked).toBeLessThanOrEqual(37);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBe(300 - (checked - 1));
});
