import type { LeaseOverview, LiveInstance } from '@dstream/core';
import type { Answer } from './ask-replica.ts';
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

const noAddress = 'it serves no status (service { http = "" }), or is an older version';

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
  if (owner === '') return 'another program holds its lease';
  const replica = replicaRows(known).find(({ instance }) => instance === owner);
  if (replica === undefined && known.overview === undefined) return `${owner} was not asked`;
  if (replica === undefined) return `${owner} is no longer announced: the table moves when its lease ends`;
  if (replica.reachable) return `${owner} does not report the table: it has just acquired or lost it`;
  return `${owner} cannot be asked: ${replica.note ?? 'no answer'}`;
}

/**
 * The answer, unless somebody else gives it than who is announced at its address: a loopback address of another
 * machine, or a port that is used again, leads to a process with other tables.
 */
export function expectedAnswer(answer: Answer, overview: LeaseOverview | undefined): Answer {
  const { address, report } = answer;
  const announced = (overview?.instances ?? []).filter((one) => one.address === address);
  if (report === undefined || announced.length === 0) return answer;
  if (announced.some((one) => isOf(report, one))) return answer;
  return { address, report: undefined, problem: someoneElse(instanceOf(report)) };
}

/** The note when another process answers at an announced address. */
function someoneElse(found: string): string {
  return `${found} answers at this address: the announced process runs on another machine, or has ended`;
}
