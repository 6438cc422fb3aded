/** `docs/client-commands.md`: the table of commands that `npm run test:clients` runs. */
import { commands, otherServices, versions } from '../clients/matrix/commands.ts';
import type { Row, Section } from '../clients/matrix/row.ts';
import { refusalIn } from '../clients/matrix/verdict.ts';

export function commandsPage(): string {
  const rows = commands.flatMap((section) => section.rows);
  const counts = versions.map((version) => {
    const working = rows.filter((row) => refusalIn(row, version) === undefined).length;
    return `${titleOf(version)} ${working}`;
  });
  return [
    '# Commands of the stock client',
    '',
    'Generated from the table (`test/clients/matrix`) that `npm run test:clients` runs, in this order,',
    'as an administrator, with the client of Debian 13 (openstackclient 7.4.0, openstacksdk 4.4.0)',
    'against `novella up`, once for each value of `OS_COMPUTE_API_VERSION` and once without one.',
    '',
    '- ok: it works.',
    '- (empty): the client or the API does not have it in that version, or without a version the client',
    '  sends 2.1 for it. With Nova too.',
    '- no: it fails, for the reason in the last column. Only those marked “missing” work with a Nova,',
    '  or with the Neutron or Keystone in place of an embedded service.',
    '',
    `Of ${rows.length} commands of the compute service work: ${counts.join(', ')}.`,
    '',
    '## Compute',
    '',
    ...commands.flatMap((section) => tableOf(section, versions)),
    '## Other services',
    '',
    'The embedded ones. Their APIs have no microversions.',
    '',
    ...otherServices.flatMap((section) => tableOf(section, [undefined])),
  ].join('\n');
}

const titleOf = (version: string | undefined) => version ?? 'none';

function tableOf({ title, rows }: Section, columns: readonly (string | undefined)[]): string[] {
  return [
    `### ${title}`,
    '',
    `| command | ${columns.map(titleOf).join(' | ')} | |`,
    `|---|${'---|'.repeat(columns.length + 1)}`,
    ...rows.map((row) => {
      const cells = columns.map((version) => cellOf(row, version));
      return `| \`${row.run.replaceAll('|', '\\|')}\` | ${cells.join(' | ')} | ${row.fails?.why ?? ''} |`;
    }),
    '',
  ];
}

function cellOf(row: Row, version: string | undefined): string {
  const message = refusalIn(row, version);
  if (message === undefined) return 'ok';
  return message === row.fails?.message ? 'no' : '';
}
