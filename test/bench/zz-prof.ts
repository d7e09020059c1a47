import { runIngester, standInsWithBacklog } from './ingester-run.ts';
await using standIns = await standInsWithBacklog(['w', 'a', 'b', 'c']);
console.log('warm', await runIngester(standIns, 'w'));
if (process.argv[2] === 'prof') process.env['NODE_OPTIONS'] = '--cpu-prof --cpu-prof-dir=/tmp/scratch-ingest';
for (const n of ['a', 'b', 'c']) console.log(n, await runIngester(standIns, n));
