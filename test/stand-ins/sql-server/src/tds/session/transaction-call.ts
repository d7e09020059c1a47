import type { EngineSession, Reply } from '../../engine/interface/engine-session.ts';
import type { BeginRequest, TransactionRequest } from '../requests/transaction-request.ts';

const names = { begin: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK', save: 'SAVE' } as const;

export function transactionText(request: TransactionRequest): string {
  return names[request.kind];
}

async function* withNext(
  session: EngineSession,
  ending: AsyncIterable<Reply>,
  next: BeginRequest | undefined,
): AsyncGenerator<Reply> {
  yield* ending;
  if (next !== undefined) yield* session.begin(next.isolation, next.name);
}

export function runTransaction(session: EngineSession, request: TransactionRequest): AsyncIterable<Reply> {
  switch (request.kind) {
    case 'begin':
      return session.begin(request.begin.isolation, request.begin.name);
    case 'commit':
      return withNext(session, session.commit(), request.next);
    case 'rollback':
      return withNext(session, session.rollback(request.name), request.next);
    case 'save':
      return session.save(request.name);
    default:
      return request satisfies never;
  }
}
