/**
 * Chooses the outputs of changes: those for which a change was replayed, else what a transform has chosen, else every route that
 * matches, else the default outputs.
 */
import {
  asDStreamError,
  changeMatcher,
  DStreamError,
  type ChangeEvent,
  type ChangeMatch,
  type Publisher,
  type StampedEvent,
} from '@dstream/core';
import type { DecodedChange, Recipients } from './decode-message.ts';
import type { FailedToPrepare, PreparedChanges } from './transform-chain.ts';

/** One configured route. */
export interface Route {
  readonly name: string;
  readonly match: ChangeMatch;
  /** Judges changes that match. Throws TransformFailed where it cannot be evaluated. Absent: all of them. */
  readonly when?: (event: StampedEvent) => boolean;
  /** Names of outputs. */
  readonly outputs: readonly string[];
}

/** The routes of a processor. */
export interface RoutingRules {
  readonly routes: readonly Route[];
  /** Outputs of changes that no route matches. Absent: all of them. */
  readonly defaultOutputs?: readonly string[];
}

/** An output, as far as routing knows it. */
export interface RoutableOutput {
  readonly name: string;
  readonly publisher: Pick<Publisher, 'hasDestinations'>;
}

/** Options of a `Router`. */
export interface RouterOptions {
  readonly routing: RoutingRules;
  readonly outputs: readonly RoutableOutput[];
  /** Called with the number of changes that go nowhere. */
  readonly dropped: (changes: number) => void;
}

/** The routes, for the changes of one session. */
export class Router {
  readonly #rules: readonly Rule[];
  readonly #default: Recipients | undefined;
  readonly #options: RouterOptions;
  /** By the numbers of the routes that match: most changes go where others went. */
  readonly #combined = new Map<string, Recipients>();

  constructor(options: RouterOptions) {
    const { routes, defaultOutputs } = options.routing;
    this.#options = options;
    this.#rules = routes.map(({ match, when, outputs }, index) => ({
      index,
      matches: changeMatcher(match),
      when,
      outputs,
    }));
    this.#default = defaultOutputs && recipients(defaultOutputs);
  }

  /** Changes that go to no output are left out. */
  route(changes: readonly DecodedChange[]): PreparedChanges {
    const routed: DecodedChange[] = [];
    const failures: FailedToPrepare[] = [];
    let dropped = 0;
    for (const change of changes) {
      try {
        const to = this.#recipientsOf(change);
        if (to?.size === 0) dropped += 1;
        else
          routed.push(
            to === change.to ? change : { ...change, madeOf: change.madeOf ?? change, ...(to && { to }) },
          );
      } catch (error) {
        failures.push({ change: change.madeOf ?? change, error: asDStreamError(error) });
      }
    }
    if (dropped > 0) this.#options.dropped(dropped);
    return { changes: failures.length === 0 ? routed : withoutFailed(routed, failures), failures };
  }

  #recipientsOf({ event, to, replayTo }: DecodedChange): Recipients | undefined {
    if (replayTo !== undefined) return new Map(replayTo.map((output) => [output, to?.get(output)]));
    if (to !== undefined) return this.#checked(to);
    if (this.#rules.length === 0) return this.#default;
    const matching = this.#rules.filter((rule) => isMatch(rule, event));
    return matching.length === 0 ? this.#default : this.#combine(matching);
  }

  #combine(rules: readonly Rule[]): Recipients {
    const key = rules.map(({ index }) => index).join();
    const known = this.#combined.get(key) ?? recipients(rules.flatMap(({ outputs }) => outputs));
    this.#combined.set(key, known);
    return known;
  }

  /** What a transform has chosen is judged here, because only the processor knows its outputs. */
  #checked(to: Recipients): Recipients {
    for (const [name, destination] of to) {
      const output = this.#options.outputs.find((one) => one.name === name);
      if (output === undefined)
        throw misrouted(`there is no output "${name}"; ${nameOneOf(this.#options.outputs)}`);
      if (destination !== undefined && output.publisher.hasDestinations !== true)
        throw misrouted(`the output "${name}" has no destinations to choose from; name it without one`);
    }
    return to;
  }
}

interface Rule {
  /** Of its route. */
  readonly index: number;
  readonly matches: (event: ChangeEvent) => boolean;
  readonly when: Route['when'];
  readonly outputs: readonly string[];
}

/** A marker of a gap has no data that a condition could judge. */
function isMatch({ matches, when }: Rule, event: StampedEvent): boolean {
  return matches(event) && (when === undefined || event.metadata.operation === 'gap' || when(event));
}

function recipients(outputs: readonly string[]): Recipients {
  return new Map(outputs.map((output) => [output, undefined]));
}

function nameOneOf(outputs: readonly RoutableOutput[]): string {
  return `name one of ${outputs.map(({ name }) => name).join(', ')}`;
}

function misrouted(what: string): DStreamError {
  return new DStreamError('TransformFailed', `a transform has chosen an output: ${what}`);
}

/** All that was made of a change fails with any of it. */
function withoutFailed(
  changes: readonly DecodedChange[],
  failures: readonly FailedToPrepare[],
): readonly DecodedChange[] {
  const failed = new Set(failures.map(({ change }) => change));
  return changes.filter((change) => !failed.has(change.madeOf ?? change));
}
