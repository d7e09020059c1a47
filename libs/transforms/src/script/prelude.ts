/**
 * What runs in the engine beside the script: it makes changes of text, calls the script, and makes text of what that returns.
 * Its source goes into the engine as it is here (`Function.toString`), so it uses nothing from outside of the function.
 *
 * It keeps the built-in functions that it needs, because a script may replace them. Safety does not depend on that: all that a
 * script can spoil is its own answer, and the host checks every answer.
 */

import type { AnswerOfOne, MadeValue, Prelude, PreludeHost, ScriptExports } from './prelude-types.ts';
import type { ScriptContext } from './script-api.ts';

/** @param allowClock whether `Date` and `Math.random` tell something new at every call */
export function prelude(host: PreludeHost, allowClock: boolean): Prelude {
  type Row = Readonly<Record<string, unknown>>;
  interface Change {
    data?: unknown;
    before?: unknown;
    readonly metadata?: unknown;
  }
  type Route = readonly [target: unknown, output: string, destination: string | null];

  const { parse, stringify } = JSON;
  const { keys, freeze } = Object;
  const { isArray } = Array;
  const { isFinite } = Number;
  const { construct } = Reflect;
  const text = String;
  const PromiseClass = Promise;
  const ErrorClass = Error;
  const AsyncFunction = (async () => undefined).constructor as typeof Function;
  const GeneratorFunction = function* () {}.constructor as typeof Function;

  let script: (input: unknown, context: object) => unknown = () => null;
  let isBatch = false;
  let routes: Route[] = [];
  /** Of the changes of this call, where the script has looked at it. */
  let metadata: unknown[] = [];

  if (!allowClock) {
    const refuse = (what: string): never => {
      throw new TypeError(
        `${what} is not available: after a crash the same change has to become the same; use change.metadata.committedAt and context.uuid, or set allow_clock = true`,
      );
    };
    const DateClass = Date;
    const guarded = new Proxy(DateClass, {
      apply: () => refuse('the clock'),
      construct: (target, args: unknown[], newTarget) =>
        args.length === 0 ? refuse('the clock') : (construct(target, args, newTarget) as object),
    });
    DateClass.now = () => refuse('the clock');
    DateClass.prototype.constructor = guarded;
    globalThis.Date = guarded;
    Math.random = () => refuse('Math.random');
  }

  // What it would run is never run.
  Reflect.deleteProperty(globalThis, 'queueMicrotask');

  const maskEmail = (value: unknown) => {
    if (value === null || value === undefined) return value;
    const [, first, domain] = /^(.).*(@[^@]+)$/su.exec(text(value)) ?? [];
    return first === undefined ? '***' : `${first}***${domain}`;
  };
  const maskPhone = (value: unknown, visible: unknown = 2) => {
    if (value === null || value === undefined) return value;
    let hidden = text(value).replaceAll(/\D/g, '').length - Number(visible);
    return text(value).replaceAll(/\d/g, (digit) => (hidden-- > 0 ? '*' : digit));
  };
  const maskDate = (value: unknown, keep: unknown = 'year') => {
    if (value === null || value === undefined) return value;
    const [, year, month, rest = ''] = /^(\d{4})-(\d\d)-\d\d(.*)$/s.exec(text(value)) ?? [];
    if (year === undefined) return '***';
    return `${year}-${keep === 'month' ? month : '01'}-01${rest.replaceAll(/\d/g, '0')}`;
  };

  const logAt =
    (level: string) =>
    (...parts: readonly unknown[]) => {
      host.log(
        level,
        parts.map((part) => (typeof part === 'string' ? part : text(stringify(part)))).join(' '),
      );
    };

  const route = (first: unknown, second?: unknown, third?: unknown) => {
    const [target, output, options] =
      typeof first === 'string' ? [undefined, first, second] : [first, second, third];
    const destination = (options as { destination?: unknown } | undefined)?.destination;
    if (typeof output !== 'string' || (destination !== undefined && typeof destination !== 'string'))
      throw new TypeError('context.route takes the name of an output, and { destination: "…" }');
    if (isBatch && target === undefined)
      throw new TypeError('in batch, context.route takes the change first');
    routes[routes.length] = [target, output, destination ?? null];
  };

  const context: ScriptContext = freeze({
    hash: (value: unknown, salt: unknown = '') =>
      value === null || value === undefined ? value : host.hash(text(salt) + text(value)),
    uuid: (seed: unknown) => {
      if (seed === null || seed === undefined) throw new TypeError('context.uuid needs a seed');
      return host.uuid(text(seed));
    },
    log: freeze(Object.assign(logAt('debug'), { debug: logAt('debug'), info: logAt('info') })),
    maskEmail,
    maskPhone,
    maskDate,
    route,
  });

  /** So that a script cannot change it unnoticed: what it returns with this object has this metadata. */
  function frozen(read: Row): Row {
    for (const field of ['key', 'origin', 'changed', 'unavailable']) freeze(read[field]);
    for (const item of (read['unavailable'] ?? []) as readonly Row[]) freeze(freeze(item)['columns']);
    return freeze(read);
  }

  /** Reading metadata costs more than reading values, and many scripts never look at it. */
  function changeOf(parts: readonly unknown[], index: number): Change {
    const ofThisCall = metadata;
    const read = () => {
      if (metadata !== ofThisCall)
        throw new TypeError('a change of an earlier call was used; a script may keep values, not changes');
      return (metadata[index] ??= frozen(parse(host.metadata(text(index)))));
    };
    const data = parts[0];
    if (parts.length === 1)
      return {
        data,
        get metadata() {
          return read();
        },
      };
    return {
      data,
      before: parts[1],
      get metadata() {
        return read();
      },
    };
  }

  /** JSON would write NaN and infinities as null. */
  function checkNumbers(row: unknown): void {
    if (typeof row !== 'object' || row === null) return;
    for (const column of keys(row)) {
      const value = (row as Row)[column];
      if (typeof value === 'object') checkNumbers(value);
      else if (typeof value === 'number' && !isFinite(value))
        throw new TypeError(`column ${column} is ${value}, which JSON does not have; use null or a text`);
    }
  }

  function imagesOf({ data, before }: Change): readonly unknown[] {
    return before === undefined ? [data] : [data, before];
  }

  function checkReturned(value: unknown): Change {
    if (value instanceof PromiseClass)
      throw new TypeError('the script returned a promise; it has to answer at once: remove async and await');
    if (typeof value === 'object' && value !== null) return value;
    throw new TypeError(
      value === undefined
        ? 'the script returned nothing; return the change, or null to drop it'
        : `the script returned ${value === null ? 'null in a list' : `a ${typeof value}`}; return the change, a list of changes, or null to drop it`,
    );
  }

  function madeOf(returned: unknown, change: Change, index: number): MadeValue {
    const value = checkReturned(returned);
    checkNumbers(value.data);
    checkNumbers(value.before);
    if (value === change) return withoutMetadata(value);
    return value.metadata !== undefined && value.metadata === metadata[index]
      ? withoutMetadata(value)
      : value;
  }

  function withoutMetadata(value: Change): object {
    const rest: Record<string, unknown> = {};
    for (const field of keys(value)) if (field !== 'metadata') rest[field] = (value as Row)[field];
    return rest;
  }

  /** The routes of what was made of one change; each is taken once. */
  function takeRoutes(list: readonly unknown[]): (readonly [number, string, string | null])[] {
    const taken: (readonly [number, string, string | null])[] = [];
    routes = routes.filter(([target, output, destination]) => {
      const at = target === undefined ? -1 : list.indexOf(target);
      if (target !== undefined && at < 0) return true;
      taken[taken.length] = [at, output, destination];
      return false;
    });
    return taken;
  }

  function checkRoutes(): void {
    if (routes.length > 0) throw new TypeError('context.route was called for a change that is not returned');
  }

  function answerOf(returned: unknown, change: Change, index: number): AnswerOfOne {
    if (returned === null) return { made: null };
    const isList = isArray(returned);
    const list: readonly unknown[] = isList ? returned : [returned];
    const made: MadeValue[] = [];
    for (let i = 0; i < list.length; i += 1) made[i] = madeOf(list[i], change, index);
    const taken = routes.length > 0 ? takeRoutes(list) : [];
    return { made: isList ? made : (made[0] ?? 0), ...(taken.length > 0 && { routes: taken }) };
  }

  function one(input: string): string {
    const change = changeOf(parse(input), 0);
    const returned = script(change, context);
    const isPlain =
      returned === change &&
      routes.length === 0 &&
      keys(change).length === (change.before === undefined ? 2 : 3);
    if (!isPlain) {
      const answer = answerOf(returned, change, 0);
      if (returned !== null) checkRoutes();
      return stringify(answer);
    }
    const images = stringify(imagesOf(change));
    if (images === input) return '';
    checkNumbers(change.data);
    checkNumbers(change.before);
    return images;
  }

  function several(inputs: string): string {
    const changes = (parse(inputs) as readonly (readonly unknown[])[]).map(changeOf);
    const given = changes.slice();
    const returned = script(given, context);
    if (!isArray(returned) || returned.length !== changes.length) {
      const what = isArray(returned) ? `a list of ${returned.length}` : 'no list';
      throw new TypeError(
        `batch returned ${what} for ${changes.length} changes; element i is what became of change i`,
      );
    }
    const answers = changes.map((change, index) => answerOf(returned[index], change, index));
    checkRoutes();
    return stringify(answers);
  }

  function described(error: unknown): string {
    try {
      if (!(error instanceof ErrorClass)) return `it threw ${text(error)}`;
      const at = /\(?([^\s()]+:\d+(?::\d+)?)\)?/.exec(text(error.stack))?.[1];
      return `${error.name}: ${error.message}${at === undefined ? '' : ` (${at})`}`;
    } catch {
      return 'it threw something that cannot be shown';
    }
  }

  const guarded = (work: (input: string) => string) => (input: string) => {
    routes = [];
    metadata = [];
    try {
      return work(input);
    } catch (error) {
      return `!${described(error)}`;
    }
  };

  function isFunction(value: unknown): value is typeof script {
    return typeof value === 'function';
  }

  function start(exported: ScriptExports): string {
    const { default: change, batch } = exported;
    if (typeof change === 'function' && typeof batch === 'function')
      return '!exports a default function and batch; keep one of them';
    const found: unknown = typeof batch === 'function' ? batch : change;
    if (!isFunction(found))
      return '!exports neither a default function nor batch; write: export default function (change, context) { return change; }';
    if ([AsyncFunction, GeneratorFunction].some((kind) => found instanceof kind))
      return '!exports an async function or a generator; a script has to answer at once: write a plain function';
    script = found;
    isBatch = found === batch;
    return isBatch ? 'batch' : 'change';
  }

  return { start, change: guarded(one), batch: guarded(several) };
}
