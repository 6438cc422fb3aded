/**
 * Every shell block of README and docs is executed: here, by a stage of `.ci/run`, or on real
 * services; an untagged one fails.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#test/processes/command.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { readAgentConfig } from '#programs/config/agent-config.ts';
import { readConfig } from '#programs/config/config.ts';
import { shellBlocks } from './shell-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'test/vectors/README.md',
  'test/vectors/seed-coverage.md',
  'bench/README.md',
];
const blocks = documents.flatMap((file) =>
  shellBlocks(file, readFileSync(join(root, file), 'utf8')),
);

/** By `test/openstack/document.test.ts`, which runs this document alone. */
const onRealServices = 'docs/openstack.md';

test('every shell block is tagged with how it is tested', () => {
  const untagged = blocks
    .filter(({ file, tags }) => {
      if (file === onRealServices) return !tags.includes('openstack');
      return !tags.includes('run') && !tags.includes('covered-by=ci');
    })
    .map(({ file, line }) => `${file}:${line}`);
  expect(untagged).toEqual([]);
});

test('every file of the project that a document names exists', () => {
  const missing = documents.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const inCode = [...text.matchAll(/`((?:src|test|docs|bench|bin|\.ci)\/[\w./-]+)`/g)];
    const linked = [...text.matchAll(/\]\((?!https?:|#)([\w./-]+)\)/g)].map((match) => [
      '',
      join(dirname(file), match[1] ?? ''),
    ]);
    return [...inCode, ...linked]
      .map((match) => match[1] ?? '')
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${file}: ${path}`);
  });
  expect(missing).toEqual([]);
});

const readers: {
  tag: string;
  program: string;
  read: (path: string, surroundings: Surroundings) => unknown;
}[] = [
  { tag: 'novella-config', program: 'novella up', read: readConfig },
  { tag: 'agent-config', program: 'novella agent', read: readAgentConfig },
];
test.each(readers)(
  'every block tagged $tag is a configuration that $program accepts',
  ({ tag, read }) => {
    const state = temporaryDirectory();
    const variables = { OS_AUTH_URL: 'http://k', OS_USERNAME: 'nova', OS_PASSWORD: 'secret' };
    writeFileSync(
      join(state.path, 'clouds.yaml'),
      'clouds: { novella: { auth: { auth_url: "http://k", username: nova, password: secret } } }',
    );
    const surroundings = { variables, workingFolder: state.path, home: state.path };
    const wrong = documents.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [...text.matchAll(new RegExp(`\`\`\`yaml ${tag}\\n([\\s\\S]*?)\`\`\``, 'g'))].flatMap(
        (match) => {
          const path = join(state.path, 'novella.yaml');
          writeFileSync(path, match[1] ?? '');
          try {
            read(path, surroundings);
            return [];
          } catch (error) {
            return [`${file}: ${String(error)}`];
          }
        },
      );
    });
    state.remove();
    expect(wrong).toEqual([]);
  },
);

test('a block that CI covers consists of commands that .ci/run runs', () => {
  const stages = readFileSync(join(root, '.ci/run'), 'utf8');
  const missing = blocks
    .filter(({ tags }) => tags.includes('covered-by=ci'))
    .flatMap(({ file, line, text }) =>
      text
        .split(/\n|&&/)
        .map((command) => command.trim())
        .filter((command) => command !== '' && !stages.includes(command))
        .map((command) => `${file}:${line}: ${command}`),
    );
  expect(missing).toEqual([]);
});

for (const file of documents) {
  const executed = blocks.filter((block) => block.file === file && block.tags.includes('run'));
  if (executed.length === 0) continue;
  describe(file, () => {
    const state = temporaryDirectory();
    let novella: NovellaProcess;
    beforeAll(async () => {
      ensureDebianPackages(['python3-openstackclient', 'python3-novaclient']);
      novella = await startNovella(state.path);
    });
    afterAll(async () => {
      await novella?.stop();
      state.remove();
    });

    test('the shell blocks run, one after the other, against a fresh cloud', async () => {
      const script = executed
        .map(({ text }) => text.replaceAll('.novella/', `${state.path}/`))
        .join('\n');
      const { code, stderr, stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
        OS_CLIENT_CONFIG_FILE: novella.cloudsYaml,
        OS_CLOUD: 'novella',
      });
      expect(code, `${stdout}\n${stderr}`).toBe(0);
    });
  });
}
