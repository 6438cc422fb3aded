import type { Section } from './row.ts';

export const flavors: Section = {
  title: 'flavor',
  rows: [
    { run: 'flavor create --ram 512 --disk 1 --vcpus 1 f1', prints: /f1/ },
    {
      run: 'flavor create --ram 1024 --disk 1 --ephemeral 1 --swap 64 --vcpus 1 --property hw:cpu_policy=shared --id auto f2',
      prints: /hw:cpu_policy='shared'/,
    },
    {
      run: 'flavor create --private --ram 512 --disk 1 --vcpus 1 f3',
      prints: /public\S* +\| False/,
    },
    {
      run: 'flavor create --ram 256 --disk 1 --vcpus 1 --rxtx-factor 2 --id 77 f5',
      prints: /\| 77 /,
    },
    { run: 'flavor create --private --project demo --ram 64 --disk 0 --vcpus 1 f6' },
    {
      run: 'flavor create --description text --ram 512 --disk 1 --vcpus 1 f4',
      from: 55,
      prints: /text/,
    },
    { run: 'flavor list', prints: /f1/ },
    { run: 'flavor list --all --long', prints: /f3/ },
    { run: 'flavor list --private', prints: /f3/ },
    { run: 'flavor list --min-disk 1 --min-ram 300', prints: /f1/ },
    { run: 'flavor show f1', prints: /512/ },
    { run: 'flavor set --property a=b f1' },
    { run: 'flavor show f1', prints: /a='b'/ },
    { run: 'flavor unset --property a f1' },
    { run: 'flavor set --property c=d --no-property f2' },
    { run: 'flavor set --project demo f3' },
    { run: 'flavor show f3', prints: /access_project_ids +\| \['\w{32}'\]/ },
    { run: 'flavor unset --project demo f3' },
    { run: 'flavor set --description other f1', from: 55 },
    { run: 'flavor delete f2' },
  ],
};

export const keyPairs: Section = {
  title: 'key pair',
  rows: [
    { run: 'keypair create --private-key made.pem k1' },
    { run: 'keypair create --public-key mine.pub k2', prints: /fingerprint/ },
    { run: 'keypair create --type ssh --public-key mine.pub k3', from: 2 },
    { run: 'keypair create --user demo --public-key mine.pub k4', from: 10 },
    { run: 'keypair list', prints: /k2/ },
    { run: 'keypair list --user demo', from: 10, prints: /k4/ },
    { run: 'keypair list --project demo', from: 10, prints: /k4/ },
    { run: 'keypair show k2', prints: /k2/ },
    { run: 'keypair show --public-key k2', prints: /ssh-ed25519/ },
    { run: 'keypair show --user demo k4', from: 10 },
    { run: 'keypair delete --user demo k4', from: 10 },
    { run: 'keypair delete k1' },
  ],
};
