/** A container engine that answers: Docker, or podman with a store of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execute, root } from './execute.ts';

export interface Engine extends AsyncDisposable {
  readonly name: 'docker' | 'podman';
  /** What every call begins with. */
  readonly command: readonly [program: string, ...args: string[]];
  /** What `build` needs beside the usual. */
  readonly buildFlags: readonly string[];
  /** What `run` needs beside the usual. */
  readonly runFlags: readonly string[];
}

/** Runs a command of the engine to its end. Resolves with the lines of its output; rejects with what it said when it fails. */
export function ask(
  { command: [program, ...first] }: Pick<Engine, 'command'>,
  args: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  return execute(program, [...first, ...args], signal);
}

/** Undefined where none answers. Docker comes first. */
export async function openEngine(signal: AbortSignal): Promise<Engine | undefined> {
  if (await answers(['docker', 'version', '--format', '{{.Server.Version}}'], signal)) return docker;
  if (await answers(['podman', '--version'], signal)) return await openPodman();
  return undefined;
}

/** A command that does not end counts as one that fails. */
async function answers(
  [program, ...args]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await execute(program, args, AbortSignal.any([signal, AbortSignal.timeout(20_000)]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

const docker: Engine = {
  name: 'docker',
  command: ['docker'],
  buildFlags: [],
  runFlags: [],
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Its images and containers are in a folder that is removed at the end: nothing of them mixes with those of the user. */
async function openPodman(): Promise<Engine> {
  await using starting = new AsyncDisposableStack();
  const store = await mkdtemp(join(tmpdir(), 'dstream-image-'));
  starting.defer(() => rm(store, { recursive: true, force: true }));
  const mounts = needsOwnMounts() ? starting.use(await openMounts()) : undefined;
  const command = [...(mounts?.command ?? []), 'podman', '--root', join(store, 'root')] as const;
  const running = starting.move();
  return {
    ...podman([...command, '--runroot', join(store, 'run')]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Flags for a podman that may do little, such as in a sandbox: no control groups, no raised limits, RUN in a chroot. The
 * platform is given because buildah knows TARGETARCH only then; OCI's own format has no HEALTHCHECK.
 */
function podman(command: readonly string[]): Omit<Engine, typeof Symbol.asyncDispose> {
  const platform = `linux/${architectures[process.arch] ?? process.arch}`;
  return {
    name: 'podman',
    command: command as Engine['command'],
    buildFlags: ['--isolation', 'chroot', '--format', 'docker', '--platform', platform],
    runFlags: [
      '--read-only-tmpfs=false',
      '--cgroups=disabled',
      ...['nofile', 'nproc'].flatMap((limit) => ['--ulimit', `${limit}=1024:1024`]),
    ],
  };
}

/** crun refuses to start where both versions of control groups are mounted. */
function needsOwnMounts(): boolean {
  return process.getuid?.() === 0 && !existsSync('/sys/fs/cgroup/cgroup.controllers');
}

/**
 * A mount namespace with cgroup2 alone, held by a process that ends with this one. All calls share it: podman counts on
 * what it has mounted.
 */
async function openMounts(): Promise<AsyncDisposable & { readonly command: readonly string[] }> {
  const script = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && echo ready && exec cat';
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  const lines = createInterface(holder.stdout);
  await Promise.race([once(lines, 'line'), ended.then(() => Promise.reject(new Error('unshare failed')))]);
  return {
    command: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'],
    [Symbol.asyncDispose]: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
