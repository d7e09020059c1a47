import type { LeaseOverview, LiveInstance } from '@dstream/core';
import type { Answer } from './ask-replica.ts';
import { someoneElse } from './expected-answer.ts';
import { instanceOf, isOf, ownsItself } from './replica-report.ts';
import type { ReplicaRow } from './status-document.ts';

interface Known {
  readonly overview?: LeaseOverview | undefined;
  readonly answers: readonly Answer[];
}

/** One row an announced instance, and one for every other address that was asked. */
export function replicaRows({ overview, answers }: Known): readonly ReplicaRow[] {
  const announced = overview?.instances ?? [];
  const others = answers.filter(({ address }) => !announced.some((one) => one.address === address));
  const rows = [...announced.map((one) => announcedRow(one, answers)), ...others.map(row)];
  return rows.sort((a, b) => ((a.instance ?? '~') < (b.instance ?? '~') ? -1 : 1));
}

function announcedRow(announced: LiveInstance, answers: readonly Answer[]): ReplicaRow {
  const { instance, address } = announced;
  if (address === undefined) return unreachable(instance, null, noAddress);
  const answer = answers.find((one) => one.address === address);
  if (answer === undefined) return unreachable(instance, address, 'it was not asked');
  const { report } = answer;
  if (report !== undefined && !isOf(report, announced))
    return unreachable(instance, address, someoneElse(instanceOf(report)));
  return { ...row(answer), instance };
}

const noAddress = 'it serves no status (service { http = "off" }), or is older than this program';

function row({ address, report, problem }: Answer): ReplicaRow {
  if (report === undefined) return unreachable(null, address, problem ?? 'no answer');
  const { ingester, processor } = report;
  return {
    instance: instanceOf(report),
    services: [ingester && 'ingester', processor && 'processor'].filter((name) => name !== undefined),
    address,
    reachable: true,
    tables:
      ingester === undefined ? null : ingester.tables.filter((table) => ownsItself(ingester, table)).length,
    sessions: processor?.sessions ?? null,
    note: null,
  };
}

function unreachable(instance: string | null, address: string | null, note: string): ReplicaRow {
  return { instance, services: [], address, reachable: false, tables: null, sessions: null, note };
}

/** Why nothing is known of a table that `owner` has. */
export function whyUnknown(owner: string, known: Known): string {
  if (owner === '') return 'another program holds its lock';
  const replica = replicaRows(known).find(({ instance }) => instance === owner);
  if (replica === undefined && known.overview === undefined) return `${owner} was not asked`;
  if (replica === undefined)
    return `${owner} is not announced any more: the table is taken over when its lease ends`;
  if (replica.reachable) return `${owner} does not know yet that it owns it, or not any more`;
  return `${owner} cannot be asked: ${replica.note ?? 'no answer'}`;
}
