/**
 * Two processors and four outputs, all of which can be made to fail, and the ledger of what each output must have got. The
 * changes are sent to the topic by hand.
 */
import { dirname } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { DeliveryLedger, type LedgerDifferences } from './delivery-ledger.ts';
import { DStreamProcess } from './dstream-process.ts';
import {
  changeOf,
  ledgerConfig,
  ledgerSecrets,
  ledgerTables,
  outputsOf,
  transformed,
  type LedgerTable,
} from './ledger-changes.ts';
import { LedgerOutputs, type Fault } from './ledger-outputs.ts';
import { Pipeline } from './pipeline.ts';
import { until } from './until.ts';

const subscription = 'ingest-topic/Subscriptions/dstream';

interface Parts {
  readonly pipeline: Pipeline;
  readonly outputs: LedgerOutputs;
  readonly config: string;
}

export class LedgerRig implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  readonly #sender: ReturnType<ServiceBusClient['createSender']>;
  readonly #ledger = new DeliveryLedger();
  readonly #sent = new Map<LedgerTable, number>();
  readonly #processors: DStreamProcess[] = [];
  readonly #generation = Date.now();

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
    const config = await pipeline.file('ledger.hcl', ledgerConfig);
    const { eventHubs } = pipeline.standIns;
    const outputs = starting.use(await LedgerOutputs.start(eventHubs, dirname(config), outageMs));
    const rig = new LedgerRig({ pipeline, outputs, config }, starting.move());
    const ready = rig.startProcessors();
    await Promise.all(ready.map((processor) => processor.logged('processor ready')));
    return rig;
  }

  get outputs(): LedgerOutputs {
    return this.#parts.outputs;
  }

  /** Two of them, at the start and after `stop`. */
  startProcessors(): readonly DStreamProcess[] {
    return [this.#startProcessor(), this.#startProcessor()];
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

  /** Replays every dead letter by the command. Resolves with its exit code. */
  replay(): Promise<number | null> {
    const { config } = this.#parts;
    const command = ['dead-letters', 'replay', '--yes', '--config', config];
    const process = this.#stack.use(new DStreamProcess(command, this.#env));
    return process.ended;
  }

  /** The sum of a counter over the processors that run, and over its labels that hold `label`. */
  async counted(name: string, label = ''): Promise<number> {
    const pages = await Promise.all(this.#pages('metrics'));
    const lines = pages.flatMap((page) => page.split('\n'));
    const own = lines.filter((line) => line.startsWith(name) && line.includes(label));
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** How many changes of a table were sent. */
  sent(table: LedgerTable): number {
    return this.#sent.get(table) ?? 0;
  }

  /** Every way to fail. */
  get faults(): readonly Fault[] {
    return [...this.outputs.faults, ...this.#others()];
  }

  /** Lines of the logs of every processor that there was. */
  get logs(): readonly string[] {
    return this.#processors.flatMap(({ logs }) => logs);
  }

  /** How many changes an output got, with repeats, and how many it must have got. */
  async counts(output: string): Promise<{ readonly arrived: number; readonly due: number }> {
    const arrived = (await this.outputs.arrived()).find(({ name }) => name === output)?.lines.length ?? 0;
    return { arrived, due: this.#ledger.due(output) };
  }

  /** What of each output is not as it must be. */
  async differences(): Promise<Readonly<Record<string, LedgerDifferences>>> {
    const outputs = await this.outputs.arrived();
    return Object.fromEntries(
      outputs.map(({ name, lines, lane }) => [name, this.#ledger.differences(name, lines, lane)]),
    );
  }

  /** What the processors show of secrets, and of data that a transform hides: in logs, `/status` and metrics. */
  async leaks(): Promise<readonly string[]> {
    const shown = await Promise.all([...this.#pages('status'), ...this.#pages('metrics')]);
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

  get #env(): Readonly<Record<string, string>> {
    return { ...this.#parts.pipeline.env, ...ledgerSecrets, ...this.outputs.env };
  }

  /** A page of each processor that runs. */
  #pages(page: 'status' | 'metrics'): readonly Promise<string>[] {
    const addresses = this.#processors.slice(-2).map(({ logs }) => addressIn(logs));
    return addresses.map(async (http) => (await fetch(`${http}/${page}`)).text());
  }

  #startProcessor(): DStreamProcess {
    const { pipeline, config } = this.#parts;
    const processor = pipeline.run('processor', config, this.#env);
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

  /** The older one; another one takes its place. */
  async #kill(): Promise<void> {
    const [older] = this.#processors.slice(-2);
    older?.signal('SIGKILL');
    await older?.ended;
    await this.#startProcessor().logged('processor ready');
  }
}

function addressIn(logs: readonly string[]): string {
  const line = logs.find((one) => one.includes('"http"'));
  return (JSON.parse(line ?? '{}') as { readonly http?: string }).http ?? '';
}
