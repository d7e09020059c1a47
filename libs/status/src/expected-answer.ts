import type { LeaseOverview } from '@dstream/core';
import type { Answer } from './ask-replica.ts';
import { instanceOf, isOf } from './replica-report.ts';

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

export function someoneElse(found: string): string {
  return `${found} answers there: it runs on another machine, or has ended`;
}
