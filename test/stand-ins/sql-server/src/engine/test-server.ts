/** An engine for unit tests: a clock and timers that the test moves, and results as plain values. */
import type {
  EngineSession,
  LoginRequest,
  Reply,
  SqlEngine,
  SqlMessage,
  SqlParameter,
  SqlType,
  SqlValue,
} from './interface/engine-session.ts';
import { createSqlEngine, type EngineControl } from './sql-engine.ts';
import { converter } from './values/index.ts';

export interface Answer {
  /** The rows of every result, as plain values. */
  readonly results: readonly (readonly unknown[][])[];
  readonly columns: readonly (readonly string[])[];
  readonly types: readonly (readonly SqlType[])[];
  readonly messages: readonly SqlMessage[];
  readonly counts: readonly (number | undefined)[];
  readonly replies: readonly Reply[];
}

const START_MS = Date.UTC(2026, 10, 20, 9, 15, 30);

/** Time stands still until the test moves it. */
class TestTime {
  nowMs = START_MS;
  readonly #timers = new Set<{ readonly atMs: number; readonly call: () => void }>();

  readonly wallMs = (): number => this.nowMs;

  readonly after = (ms: number, call: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const timer of Array.from(this.#timers)) {
      if (timer.atMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.call();
    }
  }
}

export class TestServer {
  readonly time = new TestTime();
  readonly engine: SqlEngine & EngineControl;
  readonly observed: string[] = [];

  constructor(captureDelayMs = 0, userOfToken?: (token: string) => string) {
    this.engine = createSqlEngine({
      clock: this.time,
      timers: this.time,
      login: { user: 'sa', password: 'secret' },
      databases: ['shop'],
      captureDelayMs,
      ...(userOfToken && { userOfToken }),
      observe: (statement) => this.observed.push(statement),
    });
  }

  /** Throws the error of a login that is refused. */
  connect(database = 'shop', user = 'sa', password = 'secret'): TestSession {
    return this.#login({ user, password, database });
  }

  connectByToken(token: string): TestSession {
    return this.#login({ user: '', password: '', database: 'shop', token });
  }

  #login(request: Omit<LoginRequest, 'appName' | 'hostName'>): TestSession {
    const login = this.engine.login({ ...request, appName: 'test', hostName: 'here' });
    if (!login.ok) throw new Error(`${String(login.error.number)}: ${login.error.message}`);
    return new TestSession(login.session);
  }
}

export class TestSession {
  readonly session: EngineSession;

  constructor(session: EngineSession) {
    this.session = session;
  }

  /** Everything that a batch answers, errors included. */
  async run(
    sql: string,
    parameters: Readonly<Record<string, SqlParameterValue>> = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Answer> {
    return collect(this.session.batch(sql, parametersOf(parameters), signal));
  }

  /** The rows of the last result. Throws on an error message. */
  async rows(
    sql: string,
    parameters: Readonly<Record<string, SqlParameterValue>> = {},
  ): Promise<unknown[][]> {
    const { results, messages } = await this.run(sql, parameters);
    const failed = messages.find(({ severity }) => severity > 10);
    if (failed !== undefined) throw new Error(`${String(failed.number)}: ${failed.message}`);
    return [...(results.at(-1) ?? [])];
  }

  async value(sql: string, parameters: Readonly<Record<string, SqlParameterValue>> = {}): Promise<unknown> {
    const [row] = await this.rows(sql, parameters);
    return row?.[0];
  }

  /** The numbers of the errors, in order. */
  async errors(sql: string, parameters: Readonly<Record<string, SqlParameterValue>> = {}): Promise<number[]> {
    const { messages } = await this.run(sql, parameters);
    return messages.filter(({ severity }) => severity > 10).map(({ number }) => number);
  }
}

type SqlParameterValue = string | number | bigint | Uint8Array | null | readonly [SqlType, SqlValue];

function parametersOf(given: Readonly<Record<string, SqlParameterValue>>): SqlParameter[] {
  return Object.entries(given).map(([name, value]): SqlParameter => {
    if (Array.isArray(value))
      return { name: `@${name}`, type: value[0] as SqlType, value: value[1] as SqlValue };
    return { name: `@${name}`, ...typed(value as Exclude<SqlParameterValue, readonly unknown[]>) };
  });
}

function typed(value: Exclude<SqlParameterValue, readonly unknown[]>): { type: SqlType; value: SqlValue } {
  if (typeof value === 'number') return { type: { name: 'int' }, value };
  if (typeof value === 'bigint') return { type: { name: 'bigint' }, value };
  if (value instanceof Uint8Array)
    return { type: { name: 'varbinary', length: Math.max(1, value.length) }, value };
  return { type: { name: 'nvarchar', length: 4000 }, value };
}

export async function collect(replies: AsyncIterable<Reply>): Promise<Answer> {
  const results: unknown[][][] = [];
  const types: (readonly SqlType[])[] = [];
  const columns: (readonly string[])[] = [];
  const messages: SqlMessage[] = [];
  const counts: (number | undefined)[] = [];
  const all: Reply[] = [];
  for await (const reply of replies) {
    all.push(reply);
    if (reply.kind === 'columns') {
      results.push([]);
      types.push(reply.columns.map(({ type }) => type));
      columns.push(reply.columns.map(({ name }) => name));
    } else if (reply.kind === 'row')
      results.at(-1)?.push(reply.values.map((value, i) => plain(value, types.at(-1)?.[i])));
    else if (reply.kind === 'message') messages.push(reply.message);
    else if (reply.kind === 'done') counts.push(reply.count);
  }
  return { results, types, columns, messages, counts, replies: all };
}

/** Numbers, texts and booleans as they are; bytes as hex; everything else as its text in SQL. */
export function plain(value: SqlValue, type: SqlType | undefined): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return value;
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex').toUpperCase()}`;
  if ('type' in value) return plain(value.value, value.type);
  return converter(
    type ?? { name: 'int' },
    { name: 'nvarchar', length: 4000 },
    type?.name === 'datetime' ? 121 : undefined,
  )(value);
}
