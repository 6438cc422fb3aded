/** Runs `novella controller` until it is to end. */
import type { Surroundings } from '#client/cloud/clouds-yaml.ts';
import { writeLines } from '#cli/terminal/screen.ts';
import { freePorts, readConfig } from '../config/config.ts';
import { postgresUrl } from '../database/named-database.ts';
import { interruption } from '../terminal/interruption.ts';
import { logTo } from '../terminal/log.ts';
import { type LogArguments, logOptions } from '../terminal/log-choices.ts';
import { screenOn } from '../terminal/screen-on.ts';
import { surveyLines } from '../up/greeting.ts';
import { returnIdleMemory } from '../up/idle-memory.ts';
import { startController } from './controller.ts';

export interface ControllerArguments extends LogArguments {
  config: string;
  database?: string;
  name?: string;
  freePorts?: boolean;
  readyLine?: boolean;
}

/** Returns when the controller has stopped. Throws ComputeError for what prevents its start. */
export async function runController(
  options: ControllerArguments,
  surroundings: Surroundings,
): Promise<void> {
  const interrupted = interruption();
  const read = readConfig(options.config, surroundings);
  const config = {
    ...read,
    ...(options.database !== undefined && {
      database: postgresUrl('--database', options.database),
    }),
    ...(options.freePorts === true && { ports: freePorts }),
  };
  const log = logTo(process.stderr, logOptions(options, read.log));
  const onLost = (problem: string): void => {
    log.fatal(problem);
    // Nothing is finished first: others run the same steps by now.
    process.exit(1);
  };
  const controller = await startController(config, { name: options.name, onLost }, log);
  if (options.readyLine === true) {
    process.stdout.write(`ready ${JSON.stringify({ urls: controller.urls, pid: process.pid })}\n`);
  } else {
    process.stdout.write(`Compute API: ${controller.urls.compute}\n`);
  }
  writeLines(screenOn(process.stderr), surveyLines(controller));
  const memory = returnIdleMemory();
  await interrupted;
  memory.stop();
  await controller.stop();
}
