/** A file system in memory that knows what is durable, and in which any call can be made to fail. */
import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile, PathStatus } from '../../libs/outputs/src/file/file-system.ts';

interface Stored {
  readonly identity: string;
  links: number;
  bytes: Buffer;
  durable: Buffer;
  bornMs: number;
  modifiedMs: number;
}

type Call = keyof FileSystem | keyof OpenFile;

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code });
}

export class MemoryFiles implements FileSystem {
  readonly #files = new Map<string, Stored>();
  readonly faults: { call: Call; code: string; times: number }[] = [];
  readonly #nowMs: () => number;
  #inodes = 0;
  readonly directories: Set<string>;
  readonly calls: string[] = [];
  /** Handles that are open now, and at most so far. */
  handles = 0;
  mostOpen = 0;
  /** A write that fails leaves this many bytes behind. */
  partial = 0;
  /** What every path names. */
  kind: PathStatus['kind'] = 'file';
  /** Awaited by every sync. */
  syncing: Promise<void> = Promise.resolve();

  constructor(nowMs: () => number, directories: readonly string[] = ['/d']) {
    this.#nowMs = nowMs;
    this.directories = new Set(directories);
  }

  fail(call: Call, code: string, times = 1): void {
    this.faults.push({ call, code, times });
  }

  put(path: string, text: string): void {
    const [bytes, nowMs] = [Buffer.from(text), this.#nowMs()];
    this.#inodes += 1;
    const identity = `1:${this.#inodes}`;
    this.#unlink(path);
    this.#files.set(path, { identity, links: 1, bytes, durable: bytes, bornMs: nowMs, modifiedMs: nowMs });
  }

  /** As another program does it, at once. */
  truncate(path: string, sizeBytes: number): void {
    const file = this.#at(path);
    file.bytes = file.durable = Buffer.concat([file.bytes], sizeBytes);
  }

  /** As another program does it, at once. */
  move(from: string, to: string): void {
    const file = this.#at(from);
    this.#files.delete(from);
    this.#unlink(to);
    this.#files.set(to, file);
  }

  /** As another program does it, at once. */
  unlink(path: string): void {
    this.#at(path);
    this.#unlink(path);
  }

  /** As another program does it, at once. */
  write(path: string, text: string): void {
    const file = this.#at(path);
    file.bytes = file.durable = Buffer.concat([file.bytes, Buffer.from(text)]);
  }

  #unlink(path: string): void {
    const file = this.#files.get(path);
    if (file !== undefined) file.links -= 1;
    this.#files.delete(path);
  }

  /** What would be there after a loss of power. */
  durable(path: string): string | undefined {
    return this.#files.get(path)?.durable.toString();
  }

  text(path: string): string | undefined {
    return this.#files.get(path)?.bytes.toString();
  }

  get paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  async open(path: string): Promise<OpenFile> {
    await this.#begin('open', path);
    if (!this.#files.has(path)) this.put(path, '');
    this.handles += 1;
    this.mostOpen = Math.max(this.mostOpen, this.handles);
    return this.#handle(this.#at(path));
  }

  async stat(path: string): Promise<PathStatus | undefined> {
    await this.#begin('stat');
    if (this.directories.has(path)) return { kind: 'directory', identity: path, sizeBytes: 0 };
    const file = this.#files.get(path);
    return file && { kind: this.kind, identity: file.identity, sizeBytes: file.bytes.length };
  }

  async create(path: string): Promise<void> {
    await this.#begin('create', path);
    if (this.#files.has(path)) throw failure('EEXIST');
    this.put(path, '');
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin('rename', from);
    this.move(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#begin('remove', path);
    this.unlink(path);
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.#begin('list', `${directory}/x`);
    return this.paths.filter((path) => dirname(path) === directory).map((path) => basename(path));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#begin('makeDirectory');
    for (let made = path; made !== dirname(made); made = dirname(made)) this.directories.add(made);
  }

  async modifiedMs(path: string): Promise<number> {
    await this.#begin('modifiedMs', path);
    return this.#at(path).modifiedMs;
  }

  async touch(path: string): Promise<void> {
    await this.#begin('touch', path);
    this.#at(path).modifiedMs = this.#nowMs();
  }

  async syncDirectoryOf(path: string): Promise<void> {
    await this.#begin('syncDirectoryOf', path);
  }

  #handle(file: Stored): OpenFile {
    return {
      status: async () => {
        await this.#begin('status');
        const { identity, links, bytes, bornMs } = file;
        return { identity, links, sizeBytes: bytes.length, bornMs };
      },
      read: async (at, length) => {
        await this.#begin('read');
        return file.bytes.subarray(at, at + length);
      },
      append: async (parts) => {
        const bytes = Buffer.concat(parts);
        const write = (length: number) => {
          file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, length)]);
        };
        try {
          await this.#begin('append');
        } catch (error) {
          write(this.partial);
          throw error;
        }
        write(bytes.length);
      },
      truncate: async (sizeBytes) => {
        await this.#begin('truncate');
        file.bytes = Buffer.concat([file.bytes], sizeBytes);
      },
      sync: async () => {
        await this.#begin('sync');
        await this.syncing;
        file.durable = file.bytes;
      },
      close: async () => {
        await this.#begin('close');
        this.handles -= 1;
      },
    };
  }

  #at(path: string): Stored {
    const file = this.#files.get(path);
    if (file === undefined) throw failure('ENOENT');
    return file;
  }

  async #begin(call: Call, path?: string): Promise<void> {
    await Promise.resolve();
    this.calls.push(call);
    if (path !== undefined && !this.directories.has(dirname(path))) throw failure('ENOENT');
    const fault = this.faults.find((f) => f.call === call && f.times > 0);
    if (fault === undefined) return;
    fault.times -= 1;
    throw failure(fault.code);
  }
}
