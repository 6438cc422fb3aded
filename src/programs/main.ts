/** The command `novella`. Its version is printed before anything else is loaded. */
import { version } from './version.ts';

const [first, ...more] = process.argv.slice(2);

if (more.length === 0 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${version}\n`);
} else {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine();
}
