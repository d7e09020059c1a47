import {
  asDStreamError,
  DStreamError,
  type StampedEvent,
  type Transform,
  type TransformCall,
  type Transformed,
} from '@dstream/core';
import type { HttpAnswer, HttpEndpoint } from '@dstream/http-client';
import { madeEvents } from '../events/made-event.ts';
import { parseExactly } from './exact-json.ts';

/** Limits of a request, and of its answer. */
export interface HttpTransformLimits {
  readonly maxChanges: number;
  /** A larger change is sent alone. */
  readonly maxBytes: number;
  /** A longer answer is a failure of its request. */
  readonly maxAnswerBytes: number;
}

/** Options of a `HttpTransform`. */
export interface HttpTransformOptions {
  readonly endpoint: Pick<HttpEndpoint, 'ask' | 'shown'>;
  /** Of every request. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: HttpTransformLimits;
  /** Closes its connections. */
  readonly close: () => Promise<void>;
}

/**
 * Sends changes to a service as JSON arrays, and takes the answers for what became of them. Requests of one call follow each other.
 * A transient error rejects the call, which is repeated with the same events; those that were answered are not sent again.
 */
export class HttpTransform implements Transform {
  readonly #options: HttpTransformOptions;
  /** Answers of calls that have not succeeded yet. */
  readonly #answered = new WeakMap<StampedEvent, Transformed>();

  constructor(options: HttpTransformOptions) {
    this.#options = options;
  }

  async apply(events: readonly StampedEvent[], { signal }: TransformCall): Promise<readonly Transformed[]> {
    const asked = events.filter((event) => !this.#answered.has(event));
    for (const batch of batchesOf(asked, this.#options.limits)) await this.#ask(batch, signal);
    const results = events.map((event) => this.#answerFor(event));
    for (const event of events) this.#answered.delete(event);
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.close();
  }

  async #ask(batch: Batch, signal: AbortSignal): Promise<void> {
    const { endpoint, headers, limits } = this.#options;
    const request = {
      method: 'POST',
      headers: { ...jsonHeaders, ...headers },
      body: Buffer.from(`[${batch.map(({ text }) => text).join()}]`),
      maxAnswerBytes: limits.maxAnswerBytes,
    } as const;
    const answer = await endpoint.ask(request, signal).catch(asTransformFailure);
    const made = elementsOf(answer, batch.length, endpoint.shown);
    for (const [index, { event }] of batch.entries())
      this.#answered.set(event, madeEvents(event, made[index]));
  }

  #answerFor(event: StampedEvent): Transformed {
    const answer = this.#answered.get(event);
    if (answer === undefined) throw new Error(`the change ${event.metadata.id} was not asked about`);
    return answer;
  }
}

/** What the service says of a change is a failure of the transform; `cause` has the status. */
function asTransformFailure(error: unknown): never {
  const { disposition, message } = asDStreamError(error);
  throw disposition === 'dead-letter'
    ? new DStreamError('TransformFailed', message, { cause: error })
    : error;
}

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' };

const decoder = new TextDecoder('utf-8', { fatal: true });

interface Written {
  readonly event: StampedEvent;
  readonly text: string;
  readonly bytes: number;
}

type Batch = readonly Written[];

function batchesOf(
  events: readonly StampedEvent[],
  { maxChanges, maxBytes }: Pick<HttpTransformLimits, 'maxChanges' | 'maxBytes'>,
): readonly Batch[] {
  const batches: Written[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const text = JSON.stringify(event);
    const written = { event, text, bytes: Buffer.byteLength(text) + 1 };
    bytes += written.bytes;
    const last = batches.at(-1);
    if (last !== undefined && last.length < maxChanges && bytes <= maxBytes) last.push(written);
    else {
      batches.push([written]);
      bytes = written.bytes + 1;
    }
  }
  return batches;
}

/** One for each change. Throws TransformFailed for what one of them may cause, Transient for what is no answer of the service. */
function elementsOf(answer: HttpAnswer, count: number, from: string): readonly unknown[] {
  const said = `${from} answered`;
  assertIsJson(answer, said);
  const elements = parseExactly(textOf(answer, said), said);
  if (Array.isArray(elements) && elements.length === count) return elements;
  const found = Array.isArray(elements) ? `an array of ${elements.length}` : 'no array';
  throw new DStreamError(
    'TransformFailed',
    `${said} ${count} ${count === 1 ? 'change' : 'changes'} with ${found}; element i must be what becomes of change i: null, a change, or an array`,
  );
}

/** A page of a proxy, or of another program: that speaks of no change. */
function assertIsJson({ headers, body }: HttpAnswer, said: string): void {
  const type = String(headers['content-type'] ?? 'application/json');
  const encoding = headers['content-encoding'] ?? 'identity';
  if (body.length > 0 && !/[/+]json\b/i.test(type))
    throw new DStreamError('Transient', `${said} with ${type.slice(0, 64)} instead of JSON; check the url`);
  if (encoding !== 'identity')
    throw new DStreamError('Transient', `${said} with a compressed body, which was not asked for`);
}

function textOf({ body, isWhole }: HttpAnswer, said: string): string {
  if (!isWhole)
    throw new DStreamError(
      'TransformFailed',
      `${said} with more than ${body.length} bytes; raise max_response_bytes or lower max_batch_changes`,
    );
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new DStreamError('TransformFailed', `${said} with what is not UTF-8 text`, { cause });
  }
}
