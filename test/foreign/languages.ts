/** The languages of the clients: what must be installed, and how pinned dependencies come into a folder of this one. */
import type { Tool } from './foreign-client.ts';
import { runCommand, type Command } from './program.ts';

export interface Language {
  readonly tools: readonly Tool[];
  /** Once for all clients of the language. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Of a client's program: its name below the language's folder. */
  command(program: string): Command;
}

const once = (prepare: (signal: AbortSignal) => Promise<void>): Language['prepare'] => {
  let prepared: Promise<void> | undefined;
  return (signal) => (prepared ??= prepare(signal));
};

const pythonFolder = new URL('python/', import.meta.url);
const environment = '.venv';

/** A virtual environment below this folder, filled from `requirements.txt`, whose hashes pip compares. */
export const python: Language = {
  tools: [{ name: 'python3 with venv', probe: ['python3', '-c', 'import venv, ensurepip'] }],
  prepare: once(async (signal) => {
    const cwd = pythonFolder;
    await runCommand({ command: 'python3', args: ['-m', 'venv', environment], cwd }, signal);
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    const pinned = ['--require-hashes', '--only-binary', ':all:', '-r', 'requirements.txt'];
    await runCommand({ command: `${environment}/bin/python`, args: [...args, ...pinned], cwd }, signal);
  }),
  command: (program) => ({
    command: `${environment}/bin/python`,
    args: ['-u', `${program}.py`],
    cwd: pythonFolder,
  }),
};

const goFolder = new URL('go/', import.meta.url);
const binaries = '.bin/';
/** The Go that is installed, and no other one fetched in its place. */
const goEnv = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };

/** Built from `go.mod` and `go.sum` into a folder below this one; modules lie in Go's own cache. */
export const go: Language = {
  tools: [
    { name: 'go', probe: ['go', 'version'] },
    {
      name: 'go as new as go.mod asks for',
      probe: ['env', 'GOTOOLCHAIN=local', 'go', 'list', '-m'],
      cwd: goFolder,
    },
  ],
  prepare: once((signal) =>
    runCommand(
      { command: 'go', args: ['build', '-o', binaries, './...'], cwd: goFolder, env: goEnv },
      signal,
    ),
  ),
  command: (program) => ({ command: `${binaries}${program}`, args: [], cwd: goFolder }),
};

const javaFolder = new URL('java/', import.meta.url);
/** Quiet, and without the bars of downloads. */
const mavenArgs = ['-q', '-B', '-ntp', 'compile', 'dependency:copy-dependencies'];
/** Short programs start sooner with the first compiler alone. */
const javaArgs = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8', '-XX:TieredStopAtLevel=1', '-cp'];

/**
 * Compiled with the versions of `pom.xml`; artifacts lie in Maven's own repository. A program is a module with a class
 * `Main`.
 */
export const java: Language = {
  tools: [
    { name: 'javac 17 or newer', probe: ['javac', '--release', '17', '--version'] },
    { name: 'mvn', probe: ['mvn', '--version'] },
  ],
  prepare: once((signal) => runCommand({ command: 'mvn', args: mavenArgs, cwd: javaFolder }, signal)),
  command: (program) => ({
    command: 'java',
    args: [...javaArgs, `${program}/target/classes:${program}/target/dependency/*`, 'Main'],
    cwd: javaFolder,
  }),
};
