import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNovaConf } from '#integrations/nova-conf/nova-conf.ts';
import { parseConfig } from './config.ts';
import { importNovaConf, runConfigImport } from './config-import.ts';

const novaConf = `[DEFAULT]
transport_url = rabbit://nova:secret@broker
cpu_allocation_ratio = 8.0
[pci]
device_spec = {"devname": "enp1s0", "physical_network": null}
passthrough_whitelist = [{"vendor_id": "8086", "product_id": "1e10"},
  {"address": {"bus": "0[ab]"}, "trusted": "true"}]
alias = {"name": "gpu", "vendor_id": "10de", "product_id": "1db4"}
[filter_scheduler]
ram_weight_multiplier = -1.0
[oslo_policy]
policy_file = /etc/nova/rules.yaml
enforce_scope = true
`;

const expected = `# Made by "novella config import" from nova.conf

pci:
  device_spec:
    # nova.conf:6
    - { vendor_id: "8086", product_id: "1e10" }
    # nova.conf:6
    - { address: { bus: "0[ab]" }, trusted: "true" }
    # nova.conf:5
    - { devname: "enp1s0", physical_network: null }
  alias:
    # nova.conf:8
    - { name: "gpu", vendor_id: "10de", product_id: "1db4" }
allocation_ratio:
  vcpus: 8
scheduler:
  weights:
    ram: -1
policy_file: "/etc/nova/rules.yaml"
`;

function importText(text: string, file: string) {
  return importNovaConf(readNovaConf([{ text, file }]), file);
}

test('a nova.conf becomes a novella.yaml that names the origin of each entry', () => {
  const { yaml, carried, left } = importText(novaConf, 'nova.conf');
  expect(yaml).toBe(expected);
  expect(carried).toEqual([
    '3 device specs',
    '1 alias',
    'allocation ratio of vcpus 8',
    'weight of ram -1',
    'policy file',
  ]);
  expect(left).toMatchObject([
    { line: 2, option: '[DEFAULT] transport_url' },
    { line: 13, option: '[oslo_policy] enforce_scope' },
  ]);
});

test('the path of a policy file is below the folder of its nova.conf', () => {
  const { yaml } = importText('[oslo_policy]\npolicy_file = policy.yaml', '/etc/nova/nova.conf');
  expect(parseConfig(yaml, 'x').policyFile).toEqual({
    path: '/etc/nova/policy.yaml',
    isNamed: true,
  });
});

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('8086', '1e10', '0x10', 'null', 'yes', '~', '#'),
);
const spec = fc.dictionary(
  fc
    .string({ minLength: 1 })
    .filter((key) => !/^\s|\s$/.test(key))
    .map((key) => `t${key}`),
  fc.oneof(text, fc.constant(null)),
);

test('the configuration reads what was imported', () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => {
      const lines = specs.map((object) => `device_spec = ${JSON.stringify(object)}`);
      const { yaml } = importText(['[pci]', ...lines].join('\n'), 'x');
      const read = parseConfig(yaml, 'y').deviceSpec?.map((entry) => JSON.parse(entry.text));
      expect(read).toEqual(specs);
    }),
  );
});

test('every entry that Novella would refuse is named', () => {
  const wrong = '[pci]\ndevice_spec = {"vendor_id": "x"}\ndevice_spec = {\n';
  expect(() => importText(wrong, 'nova.conf')).toThrow(
    /^nova\.conf:2: entry 0: vendor_id "x": must be hexadecimal or "\*"\nnova\.conf:3: \{: must be JSON/,
  );
  expect(() => importText('[pci]\n\ndevice_spec = \n', 'nova.conf')).toThrow(
    /^nova\.conf:3: device_spec is empty: must be a JSON object or a list of objects$/,
  );
  expect(() => importText('[pci]\nalias = {}', 'nova.conf')).toThrow(
    'nova.conf:2: alias {}: must have a name',
  );
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-import-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the file is written once, with a report of what was not imported', () => {
  const from = join(folder, 'nova.conf');
  const output = join(folder, 'novella.yaml');
  writeFileSync(from, novaConf);
  let messages = '';
  const screen = { isTerminal: false, write: (more: string) => void (messages += more) };
  const run = (force: boolean) =>
    runConfigImport([from], { output, force }, { screen, progress: screen });
  run(false);
  expect(readFileSync(output, 'utf8')).toBe(expected.replaceAll('nova.conf', from));
  expect(messages).toBe(
    [
      `Carried over from ${from}: 3 device specs, 1 alias, allocation ratio of vcpus 8, weight of ram -1, policy file`,
      '',
      'LINE  NOT CARRIED OVER             BECAUSE',
      '   2  [DEFAULT] transport_url      Novella has no message broker',
      '  13  [oslo_policy] enforce_scope  Novella always has the new defaults of Nova, and no system scope',
      '',
      `Written: ${output}`,
      '',
    ].join('\n'),
  );
  expect(() => run(false)).toThrow('exists already; --force overwrites it');
  expect(() => run(true)).not.toThrow();
});

test('several files are imported together, each entry and each omitted option with its file', () => {
  const first = join(folder, '01-nova.conf');
  const second = join(folder, '04_sriov.conf');
  writeFileSync(first, '[pci]\ndevice_spec = {"devname": "ens1f0"}\n[DEFAULT]\nmy_ip = 1\n');
  writeFileSync(
    second,
    '[pci]\ndevice_spec = {"vendor_id": "10de"}\nalias = {"name": "g", "vendor_id": "10de", "product_id": "1db4"}\n[vnc]\nenabled = no\n',
  );
  let yaml = '';
  let report = '';
  runConfigImport(
    [first, second],
    {},
    {
      screen: { isTerminal: false, write: (more) => void (yaml += more) },
      progress: { isTerminal: false, write: (more) => void (report += more) },
    },
  );
  expect(parseConfig(yaml, 'y').deviceSpec?.map(({ text }) => text)).toEqual([
    '{"devname":"ens1f0"}',
    '{"vendor_id":"10de"}',
  ]);
  expect(report).toContain('2 device specs, 1 alias');
  expect(report).toMatch(/01-nova\.conf +4 +\[DEFAULT\] my_ip/);
});

test('an object with a duplicate key is refused, not reduced to the last one', () => {
  const text = '[pci]\ndevice_spec = {"devname": "a", "devname": "b"}';
  expect(() => importText(text, 'nova.conf')).toThrow(
    'nova.conf:2: {"devname": "a", "devname": "b"}: key "devname" is written twice in one object',
  );
});
