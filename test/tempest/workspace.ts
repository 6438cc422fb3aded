/** Tempest's folder, and its runs there, from the Debian tree of the services. */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  home,
  type Place,
  runInside,
  spawnInside,
  startInside,
} from '../openstack/environment/inside.ts';
import { maxVersion } from '#api/requests/negotiate.ts';
import type { Ground } from './cloud.ts';
import { entriesOf, type TestId } from './selection.ts';
import type { Outcome } from './tally.ts';

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** As programs inside see it. */
const inside = `${home}/tempest`;

export interface RunOptions {
  /** Of the run's files. */
  name: string;
  tests: readonly TestId[];
  /** Whether tests sign in to guests. */
  withValidation: boolean;
  /** Of the ports that scenarios make. */
  vnicType: string;
  /** How many classes run at a time. */
  concurrency: string;
}

export class Workspace {
  readonly #ground: Ground;
  readonly #place: Place;
  readonly #folder: string;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#place = ground.openstack.place;
    this.#folder = join(this.#place.folder, 'tempest');
    mkdirSync(join(this.#folder, 'locks'), { recursive: true });
    for (const name of ['results.py', 'ssh-responder.py']) {
      copyFileSync(beside(name), join(this.#folder, name));
    }
    const library = '/usr/lib/python3/dist-packages';
    writeFileSync(
      join(this.#folder, '.stestr.conf'),
      `[DEFAULT]\ntest_path=${library}/tempest/test_discover\ntop_dir=${library}\ngroup_regex=([^\\.]*\\.)*\n`,
    );
  }

  /** All tests that Tempest has. */
  async list(): Promise<TestId[]> {
    const env = this.#configure({ name: 'list', withValidation: false, vnicType: 'normal' });
    const printed = await runInside(
      this.#place,
      ['sh', '-c', `cd ${inside} && stestr init && stestr list`],
      env,
    );
    return entriesOf(printed).filter((line) => line.startsWith('tempest.'));
  }

  /** Runs these tests and reports each outcome as it comes. */
  async run(options: RunOptions, report: (outcome: Outcome) => void): Promise<void> {
    const env = this.#configure(options);
    const { name, tests, withValidation, concurrency } = options;
    writeFileSync(join(this.#folder, `${name}.txt`), `${tests.join('\n')}\n`);
    const responder = withValidation ? this.#respond() : undefined;
    const list = `${inside}/${name}.txt`;
    const stestr = `cd ${inside} && stestr run --load-list ${list} --concurrency ${concurrency} --subunit`;
    const output = openSync(join(this.#folder, `${name}.out`), 'a');
    const child = spawnInside(
      this.#place,
      ['sh', '-c', `${stestr} | python3 ${inside}/results.py`],
      { env, stdio: ['ignore', 'pipe', output] },
    );
    closeSync(output);
    if (child.stdout === null) throw new Error('no stdout');
    for await (const line of createInterface({ input: child.stdout })) report(JSON.parse(line));
    await responder?.kill();
  }

  /** Copies its settings, what it logged of each request, and the services' logs. */
  copyLogs(folder: string): void {
    for (const from of [this.#folder, this.#place.folder]) {
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(from).filter((each) => /\.(conf|log|out|txt)$/.test(each))) {
        copyFileSync(join(from, name), join(folder, name));
      }
    }
  }

  #respond() {
    const log = join(this.#folder, 'ssh-responder.log');
    return startInside(this.#place, ['python3', `${inside}/ssh-responder.py`], { env: {}, log });
  }

  /** Writes the settings of a run; the variables that name them. */
  #configure({ name, withValidation, vnicType }: Omit<RunOptions, 'tests' | 'concurrency'>) {
    const { openstack, flavors, images, hosts, publicNetwork } = this.#ground;
    const words: Record<string, string> = {
      WORKSPACE: inside,
      NAME: name,
      ADMIN_PASSWORD: openstack.people.admin.password,
      KEYSTONE: openstack.urls.keystone,
      IMAGE: images[0],
      OTHER_IMAGE: images[1],
      FLAVOR: flavors[0],
      OTHER_FLAVOR: flavors[1],
      HOSTS: `${hosts.length}`,
      MAX_VERSION: `2.${maxVersion}`,
      PUBLIC_NETWORK: withValidation ? publicNetwork : '',
      VNIC_TYPE: vnicType,
      VALIDATION: `${withValidation}`,
    };
    const template = readFileSync(beside('tempest.conf'), 'utf8');
    const settings = template.replace(/@([A-Z_]+)@/g, (_, word: string) => {
      const value = words[word];
      if (value === undefined) throw new Error(`tempest.conf: @${word}@ is unknown`);
      return value;
    });
    writeFileSync(join(this.#folder, `${name}.conf`), settings);
    return { TEMPEST_CONFIG_DIR: inside, TEMPEST_CONFIG: `${name}.conf`, OS_TEST_TIMEOUT: '500' };
  }
}
