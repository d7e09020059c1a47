/**
 * Two processors and four outputs, all of which can be made to fail, and the ledger of what each output must have got. The
 * changes are sent to the topic by hand.
 */
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient } from '@azure/service-bus';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { DeliveryLedger, type Lane, type LedgerDifferences } from './delivery-ledger.ts';
import type { DStreamProcess } from './dstream-process.ts';
import { HttpReceiver, linesOf, status, type Answer } from './http-receiver.ts';
import {
  changeOf,
  ledgerConfig,
  ledgerSecrets,
  ledgerTables,
  outputsOf,
  transformed,
  type LedgerTable,
} from './ledger-changes.ts';
import { Pipeline } from './pipeline.ts';
import { until } from './until.ts';

/** A way in which something goes wrong. It is right again when `inject` resolves, or after a few attempts. */
export interface Fault {
  /** An output, `processor` or `topic`. */
  readonly of: string;
  readonly what: string;
  inject(): unknown;
}

const subscription = 'ingest-topic/Subscriptions/dstream';

const bySession: Lane = ({ metadata }) => metadata.table;
/** Event Hubs: the changes of a row share a partition. */
const byRow: Lane = ({ metadata }) => `${metadata.table}/${String(metadata.key?.['ID'])}`;

const times = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one);

const broken: Answer = (response) => void response.socket?.destroy();

interface Parts {
  readonly pipeline: Pipeline;
  readonly bus: ServiceBusStandIn;
  readonly hook: HttpReceiver;
  readonly config: string;
  readonly outageMs: number;
}

export class LedgerRig implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  readonly #sender: ReturnType<ServiceBusClient['createSender']>;
  readonly #ledger = new DeliveryLedger();
  readonly #sent = new Map<LedgerTable, number>();
  readonly #processors: DStreamProcess[] = [];
  readonly #generation = Date.now();
  #moved = 0;

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stack = stack;
    // What is sent again after a lost connection may be a repeat: processors drop it.
    const retryOptions = { timeoutInMs: 2_000, maxRetries: 20, retryDelayInMs: 100 };
    const client = new ServiceBusClient(parts.pipeline.env.DSTREAM_INGEST_CONNECTION_STRING, {
      retryOptions,
    });
    stack.defer(() => client.close());
    this.#sender = client.createSender('ingest-topic');
  }

  /** Resolves when both processors are ready. @param outageMs how long an output that is away is away */
  static async start(outageMs: number): Promise<LedgerRig> {
    await using starting = new AsyncDisposableStack();
    const pipeline = starting.use(await Pipeline.onStandIns());
    const entities = { UserConfig: { Namespaces: [{ Queues: [{ Name: 'changes' }] }] } };
    const bus = await startServiceBus({ entities });
    starting.defer(() => bus.close());
    const hook = starting.use(await HttpReceiver.start());
    const config = await pipeline.file('ledger.hcl', ledgerConfig);
    const rig = new LedgerRig({ pipeline, bus, hook, config, outageMs }, starting.move());
    for (const folder of [rig.#folder, rig.#movedFolder]) await mkdir(folder);
    const ready = rig.startProcessors();
    await Promise.all(ready.map((processor) => processor.logged('processor ready')));
    return rig;
  }

  /** Two of them, at the start and after `stop`. */
  startProcessors(): readonly DStreamProcess[] {
    return [this.#startProcessor(), this.#startProcessor()];
  }

  /** From now on no broker and no web service is there, until what it returns is called. */
  outage(): () => void {
    const { bus, hook, pipeline } = this.#parts;
    const brokers = [bus, pipeline.standIns.eventHubs];
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

  /** Sends so many messages of each table, of one to nine changes each. */
  async send(messages: number): Promise<void> {
    await Promise.all(ledgerTables.map((table) => this.#sendTo(table, messages)));
  }

  /** Resolves when every message is settled. */
  async settled(withinMs = 40_000): Promise<void> {
    await until(
      () => this.#unsettled() === 0,
      () => `all is settled; ${this.#unsettled()} messages are left\n${this.logs.slice(-10).join('\n')}`,
      withinMs,
    );
  }

  /** Every way to fail. */
  get faults(): readonly Fault[] {
    return [...this.#faultsOfBrokers(), ...this.#faultsOfFiles(), ...this.#faultsOfHook(), ...this.#others()];
  }

  /** Lines of the logs of every processor that there was. */
  get logs(): readonly string[] {
    return this.#processors.flatMap(({ logs }) => logs);
  }

  /** How many changes an output got, with repeats, and how many it must have got. */
  async counts(output: string): Promise<{ readonly arrived: number; readonly due: number }> {
    const arrived = (await this.#arrived()).find(({ name }) => name === output)?.lines.length ?? 0;
    return { arrived, due: this.#ledger.due(output) };
  }

  /** What of each output is not as it must be. */
  async differences(): Promise<Readonly<Record<string, LedgerDifferences>>> {
    const outputs = await this.#arrived();
    return Object.fromEntries(
      outputs.map(({ name, lines, lane }) => [name, this.#ledger.differences(name, lines, lane)]),
    );
  }

  /** What the processors show of secrets, and of data that a transform hides: in logs, `/status` and metrics. */
  async leaks(): Promise<readonly string[]> {
    const addresses = this.#processors.slice(-2).map(({ logs }) => addressIn(logs));
    const pages = addresses.flatMap((http) => [`${http}/status`, `${http}/metrics`]);
    const shown = await Promise.all(pages.map(async (page) => (await fetch(page)).text()));
    const hidden = [...Object.values(ledgerSecrets), 'code-of-the-hook', 'secret of'];
    return [...this.logs, ...shown].filter((text) => hidden.some((one) => text.includes(one)));
  }

  /** Ids of dead-lettered messages. */
  get deadLetters(): readonly string[] {
    const { serviceBus } = this.#parts.pipeline.standIns;
    return serviceBus.messages(`${subscription}/$DeadLetterQueue`).map(({ messageId }) => messageId);
  }

  /** Stops the processors and resolves with their exit codes. */
  stop(): Promise<readonly (number | null)[]> {
    return Promise.all(this.#processors.slice(-2).map((processor) => processor.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  get #folder(): string {
    return join(dirname(this.#parts.config), 'out');
  }

  /** What the files were renamed to by another program. */
  get #movedFolder(): string {
    return join(dirname(this.#parts.config), 'moved');
  }

  #startProcessor(): DStreamProcess {
    const { pipeline, bus, hook, config } = this.#parts;
    const processor = pipeline.run('processor', config, {
      DSTREAM_BUS_CONNECTION_STRING: bus.connectionString,
      ...ledgerSecrets,
      DSTREAM_HOOK_URL: `${hook.url}/changes?code=code-of-the-hook`,
      DSTREAM_FOLDER: this.#folder,
    });
    this.#processors.push(processor);
    return processor;
  }

  async #sendTo(table: LedgerTable, messages: number): Promise<void> {
    const bodies = Array.from({ length: messages }, (_, i) => this.#message(table, 1 + ((i * 4) % 9)));
    await this.#sender.sendMessages(bodies.map((body) => ({ ...body, sessionId: `s/d/dbo.${table}` })));
  }

  #message(table: LedgerTable, changes: number) {
    const from = (this.#sent.get(table) ?? 0) + 1;
    this.#sent.set(table, from + changes - 1);
    const events = Array.from({ length: changes }, (_, i) => changeOf(table, from + i, this.#generation));
    for (const event of events) this.#ledger.add(transformed(event), outputsOf(event));
    return {
      messageId: `${table}-${from}`,
      body: Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')),
    };
  }

  #unsettled(): number {
    const entities = this.#parts.pipeline.standIns.serviceBus.entities();
    const queues = entities.flatMap((entity) => entity.queues);
    return queues.reduce((sum, { messages }) => sum + messages, 0);
  }

  #faultsOfBrokers(): readonly Fault[] {
    const { bus, pipeline } = this.#parts;
    const hub = pipeline.standIns.eventHubs;
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

  #others(): readonly Fault[] {
    const { serviceBus } = this.#parts.pipeline.standIns;
    const loseLocks = () =>
      ledgerTables.filter((table) => serviceBus.expireSessionLock(subscription, `s/d/dbo.${table}`));
    return [
      { of: 'processor', what: 'killed', inject: () => this.#kill() },
      { of: 'topic', what: 'connections drop', inject: () => serviceBus.dropConnections() },
      { of: 'topic', what: 'session locks are lost', inject: loseLocks },
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
    do await rename(this.#folder, join(this.#movedFolder, `${(this.#moved += 1)}`));
    while (!(await isCreated(this.#folder)));
    await sleep(this.#parts.outageMs);
    await unlink(this.#folder);
    await mkdir(this.#folder, { recursive: true });
  }

  async #renameFiles(): Promise<void> {
    for (const file of await jsonLinesIn(this.#folder)) {
      await rename(join(this.#folder, file), join(this.#movedFolder, `${(this.#moved += 1)}-${file}`));
    }
  }

  /** The older one; another one takes its place. */
  async #kill(): Promise<void> {
    const [older] = this.#processors.slice(-2);
    older?.signal('SIGKILL');
    await older?.ended;
    await this.#startProcessor().logged('processor ready');
  }

  async #arrived(): Promise<readonly { name: string; lines: readonly string[]; lane: Lane }[]> {
    const { bus, hook, pipeline } = this.#parts;
    const messages = bus.messages('changes').flatMap(({ body }) => String(body).split('\n'));
    const events = pipeline.standIns.eventHubs.events('changes').map(({ body }) => String(body));
    const requests = hook.accepted.flatMap((request) => [...linesOf(request)]);
    return [
      { name: 'bus', lines: messages, lane: bySession },
      { name: 'hub', lines: events, lane: byRow },
      { name: 'files', lines: await this.#linesOfFiles(), lane: bySession },
      { name: 'hook', lines: requests, lane: bySession },
    ];
  }

  /** Those that were written to last are last. */
  async #linesOfFiles(): Promise<readonly string[]> {
    const folders = [this.#folder, this.#movedFolder];
    const found = await Promise.all(folders.map((folder) => jsonLinesIn(folder, { recursive: true })));
    const paths = found.flatMap((files, i) => files.map((file) => join(folders[i] ?? '', file)));
    const dated = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
    const texts = await Promise.all(
      dated.toSorted((a, b) => a.at - b.at).map(({ path }) => readFile(path, 'utf8')),
    );
    return texts.flatMap((text) => text.split('\n').slice(0, -1));
  }
}

function addressIn(logs: readonly string[]): string {
  const line = logs.find((one) => one.includes('"http"'));
  return (JSON.parse(line ?? '{}') as { readonly http?: string }).http ?? '';
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
