/** An engine behind the stand-in's TDS server that answers every batch with what the test says. */
import type {
  EngineSession,
  Reply,
  SqlEngine,
  SqlMessage,
  SqlParameter,
} from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';

export type Script = (
  text: string,
  parameters: readonly SqlParameter[],
  signal: AbortSignal,
) => AsyncIterable<Reply>;

export class ScriptedSqlEngine implements SqlEngine {
  /** Refuses the login. */
  refuse: SqlMessage | undefined;
  script: Script = () => replies({ kind: 'done' });

  login(): ReturnType<SqlEngine['login']> {
    if (this.refuse !== undefined) return { ok: false, error: this.refuse };
    return { ok: true, session: this.session() };
  }

  protected session(): EngineSession {
    return {
      id: 51,
      database: 'shop',
      transactionId: 0n,
      // The driver sets its options first.
      batch: (text, parameters, signal) =>
        text.startsWith('set ') ? replies({ kind: 'done' }) : this.script(text, parameters, signal),
      procedure: () => replies({ kind: 'return', status: 0 }),
      begin: () => replies({ kind: 'done' }),
      commit: () => replies({ kind: 'done' }),
      rollback: () => replies({ kind: 'done' }),
      save: () => replies({ kind: 'done' }),
      reset: () => {},
      close: () => {},
    };
  }

  close(): void {}
}

export async function* replies(...list: Reply[]): AsyncGenerator<Reply> {
  yield* list;
}

export function sqlMessage(number: number, severity = 16, message = `message ${number}`): SqlMessage {
  return { number, severity, state: 1, message, line: 1 };
}

/** Waits until the client has cancelled or is gone. */
export function forEver(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
