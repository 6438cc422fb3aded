import { bug, missing, refused, type Section, withoutVolumes } from './row.ts';

/** Rows of a new server. Each is on network n2 unless specified otherwise. */
const boot = (options: string, name: string) =>
  `server create --flavor f1 --image tiny ${options} --wait ${name}`;
const plain = (options: string, name: string) =>
  boot(['--network n2', options].filter(Boolean).join(' '), name);

const active = /status +\| ACTIVE/;

export const serverCreation: Section = {
  title: 'server create',
  rows: [
    { run: boot('--port p-direct --port p-macvtap --port p-normal', 's1'), prints: active },
    { run: plain('', 's2'), prints: active, keeps: { s2: /\| id +\| (\S+)/ } },
    { run: boot('--nic none', 's3'), from: 37, prints: active },
    { run: boot('--no-network', 's3b'), from: 37, prints: active },
    {
      run: boot('--nic auto', 's3auto'),
      from: 37,
      fails: missing(/network/i, 'networks that are made on request'),
    },
    { run: plain('--key-name k2', 's4'), prints: /key_name +\| k2/ },
    { run: plain('--security-group sg1', 's5'), prints: active },
    { run: plain('--no-security-group', 's5b'), prints: active },
    {
      run: plain('--user-data user-data --property a=b --config-drive True', 's6'),
      prints: /a='b'/,
    },
    { run: plain('--use-config-drive', 's6b'), prints: /config_drive +\| True/ },
    { run: plain('--min 2 --max 2', 'multi'), prints: active },
    { run: plain('--availability-zone nova', 's7'), prints: active },
    { run: plain('--availability-zone nova:host-2', 's8'), prints: /:host +\| host-2/ },
    { run: plain('--host host-2', 's9'), from: 74, prints: /:host +\| host-2/ },
    { run: plain('--hypervisor-hostname host-1', 's9b'), from: 74, fails: bug(/400/) },
    { run: plain('--tag web', 's10'), from: 52, prints: /web/ },
    { run: plain('--description text', 's11'), from: 19, prints: /description +\| text/ },
    { run: plain('--hostname box', 's11b'), from: 90, fails: bug(/400/) },
    { run: boot('--nic net-id=n1,tag=uplink', 's12'), from: 43, prints: active },
    { run: boot('--nic port-id=p-late', 's13'), prints: active },
    { run: boot('--nic net-id=n2,v4-fixed-ip=10.43.0.60', 's14'), fails: bug(/400/) },
    { run: plain('--swap 64', 's15'), fails: refused(/400/, 'the flavor has no swap') },
    {
      run: plain('--ephemeral size=1', 's16'),
      fails: refused(/400/, 'the flavor has no ephemeral disk'),
    },
    {
      run: 'server create --flavor f1 --image agent --network n2 --password Secret1234 --wait s17',
      prints: /adminPass +\| Secret1234/,
    },
    { run: plain('--hint same_host={s2}', 's18'), prints: active },
    {
      run: plain('--block-device uuid=IMG,source_type=image', 's19'),
      fails: refused(/400/, 'no such image'),
    },
    {
      run: plain('--boot-from-volume 1', 'sv1'),
      fails: withoutVolumes(/volume|block-storage|cinder/i),
    },
    {
      run: 'server create --flavor f1 --volume none --network n2 sv2',
      fails: withoutVolumes(/volume/),
    },
  ],
};

export const serverReading: Section = {
  title: 'server list, show, set',
  rows: [
    { run: 'server list', prints: /s1 .*ACTIVE/ },
    { run: 'server list --long', prints: /host-1/ },
    { run: 'server list --all-projects', prints: /s1/ },
    { run: 'server list --project admin', prints: /s1/ },
    { run: 'server list --user admin', prints: /s1/ },
    { run: 'server list --name ^s1$', prints: /s1/ },
    { run: 'server list --instance-name instance-00000001', prints: /s1/ },
    { run: 'server list --status ACTIVE', prints: /s1/ },
    { run: 'server list --host host-2', prints: /s8/ },
    { run: 'server list --flavor f1', prints: /s1/ },
    { run: 'server list --image tiny', prints: /s1/ },
    { run: 'server list --ip 10.43', prints: /s2/ },
    { run: 'server list --ip6 fd00' },
    { run: 'server list --reservation-id r-none' },
    { run: 'server list --availability-zone nova', prints: /s2/ },
    { run: 'server list --key-name k2', prints: /s4/ },
    { run: 'server list --config-drive' },
    { run: 'server list --no-config-drive' },
    { run: 'server list --vm-state active', prints: /s2/ },
    { run: 'server list --task-state deleting' },
    { run: 'server list --power-state running', prints: /s2/ },
    { run: 'server list --progress 50' },
    { run: 'server list --limit 2', prints: /ACTIVE/ },
    { run: 'server list --marker {s2} --limit 2' },
    { run: 'server list --sort-column Name', prints: /multi[^]*s1[^]*s2/ },
    { run: 'server list --changes-since 2020-01-01T00:00:00Z', prints: /s1/ },
    { run: 'server list --changes-before 2020-01-01T00:00:00Z', from: 66 },
    { run: 'server list --deleted' },
    { run: 'server list --tags web', from: 26 },
    { run: 'server list --not-tags web', from: 26, prints: /s1/ },
    { run: 'server list --locked', from: 73 },
    { run: 'server list --unlocked', from: 73, prints: /s1/ },
    { run: 'server list --no-name-lookup', prints: /s1/ },
    { run: 'server list --name-lookup-one-by-one', prints: /tiny/ },
    { run: 'server show s1', prints: /p?n1=/ },
    { run: 'server show --diagnostics s1', prints: /memory|uptime/ },
    { run: 'server show --topology s1', from: 78, unset: /404/, prints: /node/ },
    { run: 'server set --name s2b s2' },
    { run: 'server set --property k=v s1' },
    { run: 'server show -c properties s1', prints: /k='v'/ },
    { run: 'server unset --property k s1' },
    { run: 'server set --description d s1', from: 19 },
    { run: 'server unset --description s1', from: 19 },
    { run: 'server set --tag t1 s1', from: 26, unset: /404/ },
    { run: 'server unset --tag t1 s1', from: 26, unset: /404/ },
    {
      run: 'server set --password Secret1234 s1',
      fails: refused(/QEMU guest agent/, 'the image names no guest agent'),
    },
    { run: 'server set --password Secret1234 s17' },
    { run: 'server set --no-password s1' },
    { run: 'server set --state error s4', settles: { s4: 'ERROR' } },
    { run: 'server set --state active s4', settles: { s4: 'ACTIVE' } },
    { run: 'server set --hostname hn s1', from: 90, fails: bug(/400/) },
  ],
};
