import { expect, test } from 'vitest';
import { novellaProgram } from '../command-line.ts';
import { optionsKeptByNpm } from './npm-options.ts';

const kept = (args: string[], variables: Record<string, string>) =>
  optionsKeptByNpm(novellaProgram(), args, variables);

test.each([
  {
    args: ['up'],
    variables: { npm_lifecycle_event: 'start', npm_config_free_ports: 'true' },
    message: 'npm kept --free-ports; options come after two hyphens: npm start -- --free-ports',
  },
  {
    args: ['up', 'novella.yaml'],
    variables: { npm_lifecycle_event: 'start', npm_config_config: 'true' },
    message: 'npm kept --config …; options come after two hyphens: npm start -- --config …',
  },
  {
    args: ['demo'],
    variables: { npm_lifecycle_event: 'demo', npm_config_once: 'true' },
    message: 'npm kept --once; options come after two hyphens: npm run demo -- --once',
  },
  {
    args: ['up'],
    variables: { npm_lifecycle_event: 'novella', npm_config_libvirt: 'true' },
    message: 'npm kept --libvirt; options come after two hyphens: npm run novella up -- --libvirt',
  },
])('names options that npm kept: $message', ({ args, variables, message }) => {
  expect(kept(args, variables)).toBe(message);
});

test.each([
  { why: 'not started by npm', args: ['demo'], variables: { npm_config_once: 'true' } },
  {
    why: 'an option of another command',
    args: ['up'],
    variables: { npm_lifecycle_event: 'start', npm_config_once: 'true' },
  },
  {
    why: "an option of npm's own, perhaps from .npmrc",
    args: ['demo'],
    variables: { npm_lifecycle_event: 'demo', npm_config_json: 'true' },
  },
  {
    why: 'an empty setting',
    args: ['demo'],
    variables: { npm_lifecycle_event: 'demo', npm_config_once: '' },
  },
  { why: 'no command', args: [], variables: { npm_lifecycle_event: 'novella' } },
])('nothing is wrong: $why', ({ args, variables }) => {
  expect(kept(args, variables)).toBeUndefined();
});
