/** The four outputs of `LedgerRig`: what they got, and every way in which they fail. */
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventHubsStandIn } from '@dstream/stand-in-amqp';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import type { Lane } from './delivery-ledger.ts';
import { HttpReceiver, linesOf, status, type Answer } from './http-receiver.ts';

/** A way in which something goes wrong. It is right again when `inject` resolves, or after a few attempts. */
export interface Fault {
  /** An output, `processor` or `topic`. */
  readonly of: string;
  readonly what: string;
  inject(): unknown;
}

/** What an output got, as lines of JSON in the order of each lane. */
export interface ArrivedAtOutput {
  readonly name: string;
  readonly lines: readonly string[];
  readonly lane: Lane;
}

const bySession: Lane = ({ metadata }) => metadata.table;
/** Event Hubs: the changes of a row share a partition. */
const byRow: Lane = ({ metadata }) => `${metadata.table}/${String(metadata.key?.['ID'])}`;

const times = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one);

const broken: Answer = (response) => void response.socket?.destroy();

interface Parts {
  readonly bus: ServiceBusStandIn;
  readonly hub: EventHubsStandIn;
  readonly hook: HttpReceiver;
  /** Of the files. */
  readonly folder: string;
  /** What another program has moved out of it. */
  readonly moved: string;
  /** How long an output that is away is away. */
  readonly outageMs: number;
}

export class LedgerOutputs implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  #moved = 0;

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stack = stack;
  }

  /** @param folder its files are below it */
  static async start(hub: EventHubsStandIn, folder: string, outageMs: number): Promise<LedgerOutputs> {
    await using starting = new AsyncDisposableStack();
    const entities = { UserConfig: { Namespaces: [{ Queues: [{ Name: 'changes' }] }] } };
    const bus = await startServiceBus({ entities });
    starting.defer(() => bus.close());
    const hook = starting.use(await HttpReceiver.start());
    const [out, moved] = [join(folder, 'out'), join(folder, 'moved')];
    for (const path of [out, moved]) await mkdir(path);
    return new LedgerOutputs({ bus, hub, hook, folder: out, moved, outageMs }, starting.move());
  }

  /** What `ledgerConfig` names of them. */
  get env() {
    const { bus, hook, folder } = this.#parts;
    return {
      DSTREAM_BUS_CONNECTION_STRING: bus.connectionString,
      DSTREAM_HOOK_URL: `${hook.url}/changes?code=code-of-the-hook`,
      DSTREAM_FOLDER: folder,
    };
  }

  /** Every way to fail. */
  get faults(): readonly Fault[] {
    return [...this.#faultsOfBrokers(), ...this.#faultsOfFiles(), ...this.#faultsOfHook()];
  }

  async arrived(): Promise<readonly ArrivedAtOutput[]> {
    const { bus, hub, hook } = this.#parts;
    const messages = bus.messages('changes').flatMap(({ body }) => String(body).split('\n'));
    const events = hub.events('changes').map(({ body }) => String(body));
    const requests = hook.accepted.flatMap((request) => [...linesOf(request)]);
    return [
      { name: 'bus', lines: messages, lane: bySession },
      { name: 'hub', lines: events, lane: byRow },
      { name: 'files', lines: await this.#linesOfFiles(), lane: bySession },
      { name: 'hook', lines: requests, lane: bySession },
    ];
  }

  /** From now on no broker and no web service is there, until what it returns is called. */
  outage(): () => void {
    const { bus, hub, hook } = this.#parts;
    const brokers = [bus, hub];
    for (const broker of brokers) {
      broker.refuseConnections(600_000);
      broker.dropConnections();
    }
    hook.otherwise = broken;
    return () => {
      for (const broker of brokers) broker.refuseConnections(0);
      hook.otherwise = undefined;
    };
  }

  /** The web service refuses, for good, requests with a change that `isRefused` says yes to. Undefined: none any more. */
  refuseAtHook(isRefused: ((line: string) => boolean) | undefined): void {
    const { hook } = this.#parts;
    const answer: Answer = async (response, request) => {
      if (linesOf(request).some((line) => isRefused?.(line))) return status(422)(response, request);
      hook.accepted.push(request);
      response.end();
    };
    hook.otherwise = isRefused && answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #faultsOfBrokers(): readonly Fault[] {
    const { bus, hub } = this.#parts;
    return [
      { of: 'bus', what: 'connections drop', inject: () => bus.dropConnections() },
      { of: 'bus', what: 'throttled', inject: () => bus.serverBusy(5) },
      { of: 'bus', what: 'replies are lost', inject: () => bus.loseReplies(2) },
      { of: 'bus', what: 'full', inject: () => this.#fullBus() },
      { of: 'bus', what: 'away', inject: () => this.#away(bus) },
      { of: 'hub', what: 'connections drop', inject: () => hub.dropConnections() },
      { of: 'hub', what: 'throttled', inject: () => hub.serverBusy(5) },
      { of: 'hub', what: 'refuses', inject: () => hub.refuseSends(5) },
      { of: 'hub', what: 'replies are lost', inject: () => hub.loseReplies(2) },
      { of: 'hub', what: 'away', inject: () => this.#away(hub) },
    ];
  }

  #faultsOfFiles(): readonly Fault[] {
    return [
      { of: 'files', what: 'renamed by another program', inject: () => this.#renameFiles() },
      { of: 'files', what: 'the directory is gone', inject: () => this.#folderBlocked() },
    ];
  }

  #faultsOfHook(): readonly Fault[] {
    const { hook } = this.#parts;
    const answers = (count: number, answer: Answer) => () => hook.next.push(...times(count, answer));
    const accepted: Answer = (response, request) => {
      hook.accepted.push(request);
      response.socket?.destroy();
    };
    return [
      { of: 'hook', what: 'connections break', inject: answers(5, broken) },
      { of: 'hook', what: 'throttled', inject: answers(2, status(429, { 'retry-after': '1' })) },
      { of: 'hook', what: 'fails', inject: answers(5, status(503)) },
      { of: 'hook', what: 'replies are lost', inject: answers(2, accepted) },
      { of: 'hook', what: 'away', inject: () => this.#hookAway() },
    ];
  }

  async #away(server: Pick<ServiceBusStandIn, 'dropConnections' | 'refuseConnections'>): Promise<void> {
    server.refuseConnections(this.#parts.outageMs);
    server.dropConnections();
    await sleep(this.#parts.outageMs);
  }

  async #fullBus(): Promise<void> {
    this.#parts.bus.setFull('changes', true);
    await sleep(this.#parts.outageMs);
    this.#parts.bus.setFull('changes', false);
  }

  async #hookAway(): Promise<void> {
    this.#parts.hook.otherwise = broken;
    await sleep(this.#parts.outageMs);
    this.#parts.hook.otherwise = undefined;
  }

  /** A file is where the directory was. What processors write before that, into one that they made anew, counts. */
  async #folderBlocked(): Promise<void> {
    do await rename(this.#parts.folder, join(this.#parts.moved, `${(this.#moved += 1)}`));
    while (!(await isCreated(this.#parts.folder)));
    await sleep(this.#parts.outageMs);
    await unlink(this.#parts.folder);
    await mkdir(this.#parts.folder, { recursive: true });
  }

  async #renameFiles(): Promise<void> {
    for (const file of await jsonLinesIn(this.#parts.folder)) {
      await rename(join(this.#parts.folder, file), join(this.#parts.moved, `${(this.#moved += 1)}-${file}`));
    }
  }

  /** Those that were written to last are last. */
  async #linesOfFiles(): Promise<readonly string[]> {
    const folders = [this.#parts.folder, this.#parts.moved];
    const found = await Promise.all(folders.map((folder) => jsonLinesIn(folder, { recursive: true })));
    const paths = found.flatMap((files, i) => files.map((file) => join(folders[i] ?? '', file)));
    const dated = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
    const texts = await Promise.all(
      dated.toSorted((a, b) => a.at - b.at).map(({ path }) => readFile(path, 'utf8')),
    );
    return texts.flatMap((text) => text.split('\n').slice(0, -1));
  }
}

async function jsonLinesIn(folder: string, options?: { readonly recursive: boolean }): Promise<string[]> {
  return (await readdir(folder, options)).filter((file) => file.endsWith('.jsonl'));
}

/** False when there is something already. */
async function isCreated(file: string): Promise<boolean> {
  try {
    await writeFile(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
