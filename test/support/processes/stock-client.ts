/** Debian's `openstack` and `nova` commands, pointed at a running Novella by its clouds.yaml. */
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { type CommandOutcome, run } from './command.ts';

export interface StockClient {
  /** `openstack … -f json`, parsed. Rejects with the client's message when it fails. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the command prints
  json(...args: string[]): Promise<any>;
  /** `openstack …`, whatever its exit status. */
  openstack(...args: string[]): Promise<CommandOutcome>;
  /** `nova …`, whatever its exit status. */
  nova(...args: string[]): Promise<CommandOutcome>;
}

/** A client for one cloud of this clouds.yaml; `nova` is always the administrator's. */
export function stockClient(cloudsYaml: string, cloud = 'novella'): StockClient {
  const openstackEnv = { OS_CLIENT_CONFIG_FILE: cloudsYaml, OS_CLOUD: cloud };
  const openstack = (...args: string[]) => run('/usr/bin/openstack', args, openstackEnv);
  return {
    openstack,
    async json(...args) {
      const { code, stdout, stderr } = await openstack(...args, '-f', 'json');
      if (code !== 0) throw new Error(`openstack ${args.join(' ')}: ${stderr}${stdout}`);
      return JSON.parse(stdout);
    },
    // novaclient does not read clouds.yaml
    nova: (...args) => run('/usr/bin/nova', args, variablesOf(cloudsYaml)),
  };
}

/** As in `openrc`, for programs that do not read clouds.yaml. */
export function variablesOf(cloudsYaml: string, cloud = 'novella'): Record<string, string> {
  const { auth, region_name: region } = parse(readFileSync(cloudsYaml, 'utf8')).clouds[cloud];
  return {
    OS_AUTH_URL: auth.auth_url,
    OS_USERNAME: auth.username,
    OS_PASSWORD: auth.password,
    OS_PROJECT_NAME: auth.project_name,
    OS_USER_DOMAIN_NAME: auth.user_domain_name,
    OS_PROJECT_DOMAIN_NAME: auth.project_domain_name,
    ...(region === undefined ? {} : { OS_REGION_NAME: region }),
  };
}
