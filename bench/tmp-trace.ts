import { bootServers, createPorts, prepareGround } from './boot-servers.ts';
import { startNovella } from './running-novella.ts';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const n=Number(process.env.N??40), par=Number(process.env.PAR??1);
const novella = await startNovella({ hosts: 50, pfs: 2, vfs: 64 });
try {
  const ground = await prepareGround(await novella.login());
  await bootServers(ground, await createPorts(ground, 60), 4);
  const ports=await createPorts(ground, n);
  if (process.env.SQLTRACE) { process.kill(novella.pid,'SIGUSR2'); await sleep(50);}
  const { seconds } = await bootServers(ground, ports, par);
  console.log('per s', n/seconds);
  if (process.env.SQLTRACE) { process.kill(novella.pid,'SIGUSR2'); await sleep(500);
    const {cpu,ms,syncs,log}=JSON.parse(readFileSync(process.env.SQLTRACE,'utf8'));
    const m=new Map<string,[number,number]>(); for (const [s,t] of log){const k=s.replace(/\(\?(, \?)*\)(, \(\?(, \?)*\))*/g,'(?)').replace(/"/g,''); const x=m.get(k)??[0,0]; x[0]++;x[1]+=t; m.set(k,x)}
    console.log('cpu/boot',cpu/n,'ms/boot',ms/n,'syncs/boot',Object.fromEntries(Object.entries(syncs).map(([k,v])=>[k,(v as number)/n])),'stmts/boot',log.length/n);
    for (const [k,[c,t]] of [...m].sort((a,b)=>b[1][1]-a[1][1]).slice(0,Number(process.env.TOP??200))) console.log((c/n).toFixed(2).padStart(6),(t/n).toFixed(3).padStart(8),k.slice(0,230));
  }
} finally { await novella.stop(); }
