/** Setup of tests in this process: a cloud of a test hashes some five passwords, 60 ms each. */
import { vi } from 'vitest';

vi.mock('../../src/embedded/identity/sign-in/password-cost.ts', () => ({
  passwordCost: { N: 16, r: 1, p: 1 },
}));
