/** `novella join`: joins in the foreground, so that a person has the result at once. */
import { ComputeError } from '#core/errors.ts';
import { ControllerAddresses } from '#integrations/host-link/identity/controller-addresses.ts';
import { AgentIdentity } from '#integrations/host-link/identity/agent-identity.ts';
import { validityOf } from '#integrations/host-link/identity/identity-file.ts';
import { moment } from '#runtime/messages/moment.ts';
import { readAgentConfig, readToken } from '../config/agent-config.ts';
import { logTo } from '../terminal/log.ts';
import { standardLog } from '../terminal/log-choices.ts';

/**
 * Joins with this token, or with the configured one; a running agent uses the new certificate with
 * its next connection. Returns the result as text. Throws why the host could not join.
 */
export async function joinCluster(file: string, given: string | undefined): Promise<string> {
  const config = readAgentConfig(file);
  const host = config.host.name;
  const token = given ?? readToken(config.token);
  if (token === undefined) {
    throw new ComputeError('invalid', 'no token: name it, or set token_file in the configuration');
  }
  const controllers = new ControllerAddresses(config.controllerUrls);
  const identity = new AgentIdentity({
    host,
    controllers,
    folder: config.stateDir,
    token: () => token,
    log: logTo(process.stderr, { ...standardLog, level: 'warn' }),
  });
  const joined = await identity.join(token);
  const end = moment(validityOf(joined).notAfter);
  return `Host ${host} has joined ${controllers.current}; its certificate is valid until ${end}.`;
}
