import { expect, test } from 'vitest';
import { commandsPage } from './docs/commands-page.ts';

test('docs/client-commands.md is the table of test/clients/matrix (vitest -u writes it)', async () => {
  await expect(commandsPage()).toMatchFileSnapshot('../docs/client-commands.md');
});
