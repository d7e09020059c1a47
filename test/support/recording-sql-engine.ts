/** A scripted engine that has transactions and procedures, and records what it is called for. */
import type { EngineSession, Reply } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';
import { replies, ScriptedSqlEngine, type Script } from './scripted-sql-engine.ts';

export class RecordingSqlEngine extends ScriptedSqlEngine {
  procedure: Script = () => replies({ kind: 'return', status: 0 });
  transactionId = 0n;
  readonly calls: string[] = [];

  protected override session(): EngineSession {
    const transactionId = (): bigint => this.transactionId;
    return {
      ...super.session(),
      get transactionId() {
        return transactionId();
      },
      procedure: (name, parameters, signal) => this.procedure(name, parameters, signal),
      begin: (isolation, name) => {
        this.calls.push(`begin ${isolation} ${name}`);
        return this.#transaction('begin', 0x1122334455667788n);
      },
      commit: () => this.#transaction('commit', 0n),
      rollback: (name) => {
        this.calls.push(`rollback ${name}`);
        return this.#transaction('rollback', 0n);
      },
      save: (name) => {
        this.calls.push(`save ${name}`);
        return replies({ kind: 'done' });
      },
      reset: () => this.calls.push('reset'),
      close: () => this.calls.push('close'),
    };
  }

  async *#transaction(event: 'begin' | 'commit' | 'rollback', id: bigint): AsyncGenerator<Reply> {
    const before = this.transactionId;
    this.transactionId = id;
    yield { kind: 'transaction', event, id: event === 'begin' ? id : before };
    yield { kind: 'done' };
  }
}
