/** What a command costs until it works: time since its start, CPU, memory, and how many modules it has loaded. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadedModules } from '../support/loaded-modules.ts';
import { configText } from './config-file.ts';
import { DStreamProgram, launcher } from './dstream-program.ts';
import { figure, type Figure } from './figure.ts';
import { runOf, standInsWithBacklog } from './ingester-run.ts';
import { cpuSeconds, peakResidentMiB, residentMiB } from './process-usage.ts';
import { fullSubscriptions, topic } from './processor-run.ts';
import { tables } from './sample.ts';
import type { StandInsProcess } from './stand-ins-process.ts';
import { median } from './statistics.ts';

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memoryMiB: number;
}

type Env = Readonly<Record<string, string>>;

interface Command {
  readonly name: string;
  readonly until: string;
  readonly memory: string;
  /** Once, from its start. @param env goes over its environment */
  readonly run: (round: number, env?: Env) => Promise<Cost>;
}

/** A start takes a second, and one beside another program half as much again. */
const rounds = 7;
/** Its figures count for nothing: modules are counted in it, which takes time. */
const lastRound = rounds + 1;

export async function start(): Promise<readonly Figure[]> {
  await using database = await standInsWithBacklog([topic], 0);
  // An empty subscription answers after five seconds, so each processor finds one of its own with a few messages.
  const subscriptions = Array.from({ length: lastRound }, (_, n) => runOf('waiting', n + 1));
  const { standIns } = await fullSubscriptions(subscriptions, 500, 500);
  await using broker = standIns;
  const commands = [validate(database), service('ingester', database), service('processor', broker)];
  const costs = new Map<Command, Cost[]>(commands.map((command) => [command, []]));
  for (let round = 1; round <= rounds; round += 1)
    for (const [command, all] of costs) all.push(await told(command, round));
  const figures: Figure[] = [];
  for (const [command, all] of costs) figures.push(...(await figuresOf(command, all)));
  return figures;
}

function configOf(round: number): string {
  return configText({ name: 'start', tables, topic, subscription: runOf('waiting', round) });
}

/** The whole process. It connects to nothing. */
function validate({ env }: StandInsProcess): Command {
  const run = (round: number, added: Env = {}) =>
    validateOnce(configOf(round), { ...process.env, ...env, ...added });
  return { name: 'validate', until: 'whole process', memory: 'peak memory', run };
}

async function validateOnce(config: string, env: NodeJS.ProcessEnv): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-bench-'));
  try {
    const file = join(folder, 'dstream.hcl');
    await writeFile(file, config);
    return await runToItsEnd(['validate', file], env);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds between two looks at a process that ends by itself. */
const lookMs = 5;

async function runToItsEnd(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  const startedMs = performance.now();
  const child = spawn(launcher, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the process did not start');
  let usage = { cpuSeconds: 0, memoryMiB: 0 };
  const looking = setInterval(() => (usage = usageOf(pid) ?? usage), lookMs);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedMs) / 1_000;
  clearInterval(looking);
  if (code !== 0) throw new Error(`dstream ${args.join(' ')} ended with ${code}`);
  return { ...usage, seconds };
}

/** Undefined when it has just ended: then its memory is given back already. */
function usageOf(pid: number): Omit<Cost, 'seconds'> | undefined {
  try {
    const memoryMiB = peakResidentMiB(pid);
    return Number.isNaN(memoryMiB) ? undefined : { cpuSeconds: cpuSeconds(pid), memoryMiB };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Until it has reached everything that it needs, and says so. */
function service(command: 'ingester' | 'processor', standIns: StandInsProcess): Command {
  const run = async (round: number, added: Env = {}): Promise<Cost> => {
    const env = { ...standIns.env, ...added };
    await using program = await DStreamProgram.start({ command, config: configOf(round), env });
    const { time } = JSON.parse(await program.logged(`${command} ready`)) as { time: string };
    return {
      seconds: (Date.parse(time) - program.startedAtMs) / 1_000,
      cpuSeconds: cpuSeconds(program.pid),
      memoryMiB: residentMiB(program.pid),
    };
  };
  return { name: command, until: 'until it works', memory: 'memory then', run };
}

/** Single runs are for those who wonder about a median. */
async function told({ name, run }: Command, round: number): Promise<Cost> {
  const cost = await run(round);
  const { seconds, cpuSeconds: cpu, memoryMiB } = cost;
  process.stderr.write(
    `  ${name.padEnd(24)} ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU, ${memoryMiB.toFixed(0)} MiB\n`,
  );
  return cost;
}

async function figuresOf({ name, until, memory, run }: Command, costs: readonly Cost[]) {
  const modules = await loadedModules((env) => run(lastRound, env));
  return [
    figure(`start, ${name}, ${until}`, median(costs.map(({ seconds }) => seconds)), 's'),
    figure(`start, ${name}, CPU`, median(costs.map((cost) => cost.cpuSeconds)), 's'),
    figure(`start, ${name}, ${memory}`, median(costs.map(({ memoryMiB }) => memoryMiB)), 'MiB'),
    figure(`start, ${name}, modules`, modules.length, ''),
  ];
}
