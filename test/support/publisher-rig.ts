/** A destination as the suites of publishers see it, and changes to publish. */
import { randomUUID } from 'node:crypto';
import { encodeEnvelope, type Publisher, type RoutedEvent } from '@dstream/core';
import { aChange } from './a-change.ts';

/** One destination, empty of what the test's own changes are. Made for each test. */
export interface PublisherRig extends AsyncDisposable {
  /** Another publisher to the destination, not connected. The suite disposes of it. */
  open(): Publisher;
  /** The lines that the destination holds of this test, in its order. Waits until there are at least so many. */
  delivered(count: number): Promise<readonly string[]>;
  /** What the destination keeps in order: all changes of an ordering key, or those of a row of it. */
  readonly ordered: 'key' | 'row';
  /** Bytes of a line that the destination never takes. Undefined: there is no limit. */
  readonly tooLargeBytes?: number;
  /** A publisher whose destination a person must make or open before it can be reached. */
  readonly openForbidden?: () => Publisher;
  readonly faults?: PublisherFaults;
}

/** What the destination can be made to do. */
export interface PublisherFaults {
  /** The destination refuses the next so many requests with something that passes. */
  readonly refuse?: (count: number) => void;
  /** From now on requests have no answer, until the function is called that this returns. */
  readonly hold?: () => () => void;
}

const rows = 3;

/** The line of a change as text. */
export function textOf({ line }: Pick<RoutedEvent, 'line'>): string {
  return Buffer.from(line).toString();
}

/** Changes of one test, which no other test has. */
export class Changes {
  readonly #run = randomUUID().slice(0, 8);

  /** Change `n` of table `key`, which is its ordering key, too. It is one of row `n` modulo 3. */
  event(key: string, n: number, note = ''): RoutedEvent {
    const row = { ID: n % rows };
    const metadata = { id: `${this.#run}-${key}-${n}`, table: key, key: row };
    const event = { ...aChange(n, metadata), data: { ...row, N: n, Note: note } };
    const line = encodeEnvelope(event, { generation: 1, epoch: 1 });
    return { event, line: Buffer.from(line), orderingKey: `${this.#run}/s/d/dbo.${key}` };
  }

  events(key: string, from: number, to: number): readonly RoutedEvent[] {
    return Array.from({ length: to - from + 1 }, (_, i) => this.event(key, from + i));
  }

  /** Of any line: what others have left in a destination may not even be JSON. */
  has(line: string): boolean {
    return line.includes(`"id":"${this.#run}-`);
  }
}

interface Seen {
  readonly metadata: { readonly id: string; readonly table: string; readonly key: { readonly ID: number } };
}

function seen(line: string): Seen {
  return JSON.parse(line) as Seen;
}

function idOf(line: string): string {
  return seen(line).metadata.id;
}

/** The ids of lines by what keeps its order, each in the order of its lines. */
export function inOrder(
  lines: readonly string[],
  ordered: PublisherRig['ordered'],
): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const line of lines) {
    const { id, table, key } = seen(line).metadata;
    (groups[ordered === 'key' ? table : `${table} ${key.ID}`] ??= []).push(id);
  }
  return groups;
}

/** The lines without their repeats: what is left to somebody who has seen the first of each. */
export function withoutRepeats(lines: readonly string[]): readonly string[] {
  return [...new Map(lines.map((line) => [idOf(line), line])).values()];
}
