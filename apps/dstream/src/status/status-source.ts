/** What `dstream status` asks: the leases in the storage, and every replica it can find. */
import { tokenFromVariable, type Configuration } from '@dstream/config';
import {
  asDStreamError,
  DStreamError,
  type Clock,
  type CredentialOf,
  type LeaseOverview,
  type Leases,
} from '@dstream/core';
import { openLeaseViewer } from '@dstream/ingester/lease-viewer';
import { sha256Hex } from '@dstream/runtime/service-context';
import {
  askReplica,
  statusOf,
  type Answer,
  type ConfiguredTable,
  type StatusDocument,
} from '@dstream/status';
import { load } from '../configuration/load.ts';
import { configuredAddress } from '../process/http-address.ts';

/** Where to look. */
export interface StatusSourceOptions {
  /** The configuration file; undefined: only the addresses are asked. */
  readonly config: string | undefined;
  /** As `http://127.0.0.1:8080`. */
  readonly addresses: readonly string[];
  /** Its DSTREAM_HTTP_TOKEN is the token where there is no configuration. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly credential: CredentialOf;
}

/** Opened once per command; `look` is called once for each answer that is shown. */
export class StatusSource implements AsyncDisposable {
  readonly #viewer: Leases | undefined;
  /** Of the lease store in the configuration: `dstream.hcl:14: ingester.locks`. */
  readonly #storePlace: string;
  readonly #configured: readonly ConfiguredTable[];
  readonly #given: readonly string[];
  /** Asked too, but not reported as missing: nobody said that something listens there. */
  readonly #presumed: string | undefined;
  /** Sent to what is given, announced, or named by the configuration itself: to nobody else. */
  readonly #token: string | undefined;
  readonly #notes: (answers: readonly Answer[]) => readonly string[];
  readonly #clock: Clock;

  private constructor(
    { addresses, clock, env }: StatusSourceOptions,
    configuration?: Configuration,
    viewer?: Leases,
  ) {
    this.#clock = clock;
    this.#given = addresses;
    this.#viewer = viewer;
    this.#storePlace = configuration?.where(configuration.ingester?.locks.path ?? 'ingester.locks') ?? '';
    this.#configured = configuration ? configuredTables(configuration) : [];
    this.#presumed = configuration && configuredAddress(configuration.service);
    this.#token = configuration ? configuration.service.token : tokenFromVariable(env);
    const wantsProcessor = configuration?.processor !== undefined;
    this.#notes = (answers) =>
      wantsProcessor && !answers.some(({ report }) => report?.processor) ? [noProcessor] : [];
  }

  /** Throws ConfigInvalid. Connects nothing. */
  static async open(options: StatusSourceOptions): Promise<StatusSource> {
    if (options.config === undefined) return new StatusSource(options);
    const configuration = await load(options.config, { use: 'validate' });
    return new StatusSource(options, configuration, await openLeaseViewer({ ...options, configuration }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#viewer?.[Symbol.asyncDispose]();
  }

  /** Rejects when the storage cannot be read. A replica that does not answer is part of the document. */
  async look(signal: AbortSignal): Promise<StatusDocument> {
    const overview = await this.#overview(signal);
    const answers = await this.#askAll(overview, signal);
    const atMs = this.#clock.wallMs();
    return statusOf({ atMs, configured: this.#configured, overview, answers, notes: this.#notes(answers) });
  }

  async #overview(signal: AbortSignal): Promise<LeaseOverview | undefined> {
    try {
      return await this.#viewer?.overview({ signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unread(error);
    }
  }

  /** One code for all failures of the store, so that none counts as a wrong file (exit code 2). */
  #unread(error: unknown): DStreamError {
    const { message } = asDStreamError(error);
    return new DStreamError('Unreachable', `${this.#storePlace}: ${message}`, { cause: error });
  }

  async #askAll(overview: LeaseOverview | undefined, signal: AbortSignal): Promise<readonly Answer[]> {
    const announced = (overview?.instances ?? []).map(({ address }) => address);
    const wanted = new Set([...announced, ...this.#given].filter((address) => address !== undefined));
    const presumed = this.#presumed;
    const asked = presumed === undefined || wanted.has(presumed) ? [...wanted] : [...wanted, presumed];
    const answers = await Promise.all(asked.map((address) => askReplica(address, signal, this.#token)));
    return answers.flatMap((answer) => (wanted.has(answer.address) ? [answer] : processorOf(answer)));
  }
}

/**
 * At an address that was neither given nor announced only a processor counts: an ingester there that is not announced in
 * these leases owns other tables than the ones that were asked for.
 */
function processorOf({ address, report }: Answer): readonly Answer[] {
  const processor = report?.processor;
  if (processor === undefined) return [];
  return [{ address, report: { ingester: undefined, processor }, problem: undefined }];
}

/** Processors take no leases and announce themselves nowhere. */
const noProcessor =
  'no processor found: processors are asked at service { http } of the configuration and at --address HOST:PORT';

function configuredTables({ ingester }: Configuration): readonly ConfiguredTable[] {
  return ingester?.source.outline(ingester.name, sha256Hex).tables ?? [];
}
