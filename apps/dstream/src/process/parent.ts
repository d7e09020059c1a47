/**
 * Notices that the parent is gone without having passed its signal on: npm and npx, which never do, and a playground that
 * was killed. Nothing else would stop this process, so it drains.
 */
import { readFileSync } from 'node:fs';
import { ignoresHangup } from '@dstream/runtime';

type Env = Readonly<Record<string, string | undefined>>;

const everyMs = 1_000;

/**
 * Which parent to watch: the parent that `DSTREAM_PARENT` names, or npm, which sets `npm_command`. Nobody else, and not npm
 * where the process was detached on purpose, by `nohup` or `setsid`.
 */
export function parentToFollow(env: Env, leadsSession: boolean): 'named' | 'npm' | undefined {
  if (env['DSTREAM_PARENT'] !== undefined) return 'named';
  return env['npm_command'] === undefined || ignoresHangup(env) || leadsSession ? undefined : 'npm';
}

/** Calls `gone` once when the watched parent is gone; it looks every second. Dispose to stop. */
export function onParentGone(gone: () => void, env: Env = process.env): Disposable {
  const who = parentToFollow(env, readProcess(process.pid)?.session === process.pid);
  if (who === undefined) return { [Symbol.dispose]: () => undefined };
  const parent = () => (who === 'named' ? String(process.ppid) : upToNpm());
  const first = who === 'named' ? env['DSTREAM_PARENT'] : upToNpm();
  const timer = setInterval(() => {
    if (parent() === first) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The parent, and its own one where that is the shell in which npm runs a command: it outlives npm, and waits for us. */
function upToNpm(): string {
  const { ppid } = process;
  const parent = readProcess(ppid);
  return parent?.name.endsWith('sh') === true ? `${ppid} ${parent.ppid}` : String(ppid);
}

interface ProcessFacts {
  readonly name: string;
  readonly ppid: number;
  readonly session: number;
}

/** Undefined when there is no such process, or no /proc. Fields: proc_pid_stat(5). */
function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const [, ppid, , session] = stat.slice(end + 2).split(' ');
    return { name: stat.slice(stat.indexOf('(') + 1, end), ppid: Number(ppid), session: Number(session) };
  } catch {
    return undefined;
  }
}
