/** The transform `script`: gives changes to a script, and checks what it makes of them. */
import {
  DStreamError,
  type StampedEvent,
  type Transform,
  type TransformCall,
  type Transformed,
} from '@dstream/core';
import { madeEvents } from '../events/made-event.ts';
import type { AnswerOfOne, MadeValue } from './prelude-types.ts';
import type { ChangeText, EngineAnswer } from './script-engine.ts';
import type { ScriptThread } from './script-thread.ts';

/** Changes that go to the thread at once. One by one they are done for as long as a turn lasts; a `batch` takes them all. */
const maxChanges = { change: 500, batch: 100 };

/** Runs one script. What it does to a change that fails, the script does not see: the error goes to the caller. */
export class ScriptTransform implements Transform {
  readonly #thread: ScriptThread;

  /** @param thread disposed of with this */
  constructor(thread: ScriptThread) {
    this.#thread = thread;
  }

  /** Rejects with TransformFailed where a `batch` failed as a whole. */
  async apply(events: readonly StampedEvent[], call: TransformCall): Promise<readonly Transformed[]> {
    const texts = events.map(textOf);
    const results: Transformed[] = [];
    while (results.length < events.length) {
      const slice = texts.slice(results.length, results.length + maxChanges[this.#thread.form]);
      // eslint-disable-next-line no-await-in-loop -- in order: a turn goes on where the last one ended
      const answers = await this.#thread.run(slice, call.signal);
      const each = this.#thread.form === 'batch' ? ofBatch(answers, slice.length) : answers.map(ofOne);
      for (const answer of each) {
        const event = events[results.length];
        if (event !== undefined) results.push(resultOf(event, answer, call));
      }
    }
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }
}

function textOf({ data, before, metadata }: StampedEvent): ChangeText {
  return {
    images: JSON.stringify(before === undefined ? [data] : [data, before]),
    metadata: JSON.stringify(metadata),
  };
}

function ofOne(answer: EngineAnswer): AnswerOfOne | DStreamError {
  if (answer.kind !== 'made') return new DStreamError('TransformFailed', answer.reason);
  if (answer.text === '') return { made: 0 };
  const parsed = parsedAnswer(answer.text);
  if (!Array.isArray(parsed)) return checkedAnswer(parsed);
  const [data, before] = parsed as readonly unknown[];
  return { made: { data, before } };
}

/** Throws TransformFailed: nothing is known of the changes of a batch that failed. */
function ofBatch(answers: readonly EngineAnswer[], count: number): readonly (AnswerOfOne | DStreamError)[] {
  const [answer] = answers;
  if (answer?.kind !== 'made')
    throw new DStreamError('TransformFailed', answer?.reason ?? 'there is no answer');
  const parsed = parsedAnswer(answer.text);
  if (!Array.isArray(parsed) || parsed.length !== count) throw notUnderstood();
  return parsed.map(checkedAnswer);
}

function parsedAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A script could replace what makes the answer. */
function checkedAnswer(answer: unknown): AnswerOfOne | DStreamError {
  if (typeof answer !== 'object' || answer === null || !('made' in answer)) return notUnderstood();
  const { routes = [] } = answer as AnswerOfOne;
  return Array.isArray(routes) && routes.every(isRoute) ? (answer as AnswerOfOne) : notUnderstood();
}

function isRoute(route: unknown): boolean {
  if (!Array.isArray(route)) return false;
  const [index, output, destination] = route as readonly unknown[];
  return (
    Number.isInteger(index) &&
    typeof output === 'string' &&
    (destination === null || typeof destination === 'string')
  );
}

function notUnderstood(): DStreamError {
  return new DStreamError(
    'TransformFailed',
    'the answer of the script is not understood; does it replace built-in functions?',
  );
}

function resultOf(event: StampedEvent, answer: AnswerOfOne | DStreamError, call: TransformCall): Transformed {
  if (answer instanceof DStreamError) return answer;
  const result = madeEvents(event, valueOf(event, answer.made));
  if (!(result instanceof DStreamError)) sendTo(result, answer, call);
  return result;
}

function valueOf(event: StampedEvent, made: AnswerOfOne['made']): unknown {
  if (isList(made)) return made.map((one) => envelopeOf(event, one));
  return envelopeOf(event, made);
}

function isList(made: AnswerOfOne['made']): made is readonly MadeValue[] {
  return Array.isArray(made);
}

function envelopeOf(event: StampedEvent, made: MadeValue | null): unknown {
  if (made === 0) return event;
  if (typeof made !== 'object' || made === null || 'metadata' in made) return made;
  const { before, ...rest } = made as { readonly before?: unknown };
  return { ...rest, ...(before !== undefined && { before }), metadata: event.metadata };
}

function sendTo(made: readonly StampedEvent[], { routes = [] }: AnswerOfOne, call: TransformCall): void {
  for (const [index, output, destination] of routes) {
    const to = { output, ...(destination !== null && { destination }) };
    const targets = index < 0 ? made : made.slice(index, index + 1);
    for (const event of targets) call.route(event, to);
  }
}
