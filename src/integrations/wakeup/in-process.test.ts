import { wakeupContract } from '#contracts/wakeup.contract.ts';
import { inProcessWakeup } from './in-process.ts';

wakeupContract(async () => {
  const wakeup = inProcessWakeup();
  return { one: wakeup, other: wakeup };
});
