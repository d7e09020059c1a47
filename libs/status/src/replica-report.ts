/**
 * What a replica reports under `/status`, as far as it is understood: it may be older or newer than the reader, so
 * that what is missing or strange is null or left out, and never an error.
 */
import type { Announced } from '@dstream/core';
import type { OutputRow, TransformRow } from './status-document.ts';

/** The parts of a process that `/status` reports, as far as they could be read. */
export interface ReplicaReport {
  readonly ingester: IngesterPart | undefined;
  readonly processor: ProcessorPart | undefined;
}

/** What an ingester reports. */
export interface IngesterPart {
  readonly instance: string;
  /** Null from a version that does not report it. */
  readonly announcement: string | null;
  readonly tables: readonly ReportedTable[];
}

/** What an ingester reports of one table. */
export interface ReportedTable {
  readonly key: string;
  readonly table: string;
  readonly owner: string | null;
  readonly announcement: string | null;
  readonly epoch: number | null;
  readonly position: string | null;
  readonly lagMs: number | null;
  readonly changes: number | null;
  readonly changesPerSecond: number | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** What a processor reports. */
export interface ProcessorPart {
  readonly instance: string;
  readonly sessions: number | null;
  readonly outputs: readonly OutputRow[];
  readonly transforms: readonly TransformRow[];
}

/** Undefined for what is not a status of dstream. */
export function readReport(value: unknown): ReplicaReport | undefined {
  const report = fields(value);
  const [ingester, processor] = [readIngester(report['ingester']), readProcessor(report['processor'])];
  return ingester === undefined && processor === undefined ? undefined : { ingester, processor };
}

/** The name of the process: its services share it. */
export function instanceOf({ ingester, processor }: ReplicaReport): string {
  return ingester?.instance ?? processor?.instance ?? '';
}

/** Whether the replica owns the table that it reports. Two may have one name: then the announcement decides. */
export function ownsItself({ instance, announcement }: IngesterPart, table: ReportedTable): boolean {
  const known = announcement !== null && table.announcement !== null;
  return known ? table.announcement === announcement : table.owner === instance;
}

/** Whether the report is of the replica that is announced so. */
export function isOf(report: ReplicaReport, announced: Announced): boolean {
  const announcement = report.ingester?.announcement ?? announced.announcement;
  return instanceOf(report) === announced.instance && announcement === announced.announcement;
}

function readIngester(value: unknown): IngesterPart | undefined {
  const { instance, announcement, tables } = fields(value);
  if (typeof instance !== 'string') return undefined;
  return { instance, announcement: text(announcement), tables: list(tables).flatMap(readTable) };
}

function readTable(value: unknown): readonly ReportedTable[] {
  const table = fields(value);
  const key = text(table['key']);
  if (key === null) return [];
  const { code, message } = fields(table['fault']);
  return [
    {
      key,
      table: text(table['table']) ?? key,
      owner: text(table['owner']),
      announcement: text(table['announcement']),
      epoch: number(table['epoch']),
      position: text(table['position']),
      lagMs: number(table['lagMs']),
      changes: number(table['changes']),
      changesPerSecond: number(table['changesPerSecond']),
      fault: typeof code === 'string' ? { code, message: text(message) ?? '' } : null,
    },
  ];
}

function readProcessor(value: unknown): ProcessorPart | undefined {
  const { instance, sessions, outputs, transforms } = fields(value);
  if (typeof instance !== 'string') return undefined;
  return {
    instance,
    sessions: Array.isArray(sessions) ? sessions.length : null,
    outputs: list(outputs).map((output) => readOutput(instance, output)),
    transforms: list(transforms).map((transform) => readTransform(instance, transform)),
  };
}

function readOutput(replica: string, value: unknown): OutputRow {
  const output = fields(value);
  const { since, code, reason } = fields(output['failing']);
  const breaker = fields(output['breaker']);
  const breakerState = text(breaker['state']);
  return {
    replica,
    name: text(output['name']) ?? text(value) ?? '?',
    type: text(output['type']),
    required: typeof output['required'] === 'boolean' ? output['required'] : null,
    state: text(output['state']),
    failing: typeof code === 'string' ? { since: text(since), code, reason: text(reason) ?? '' } : null,
    breaker: breakerState === null ? null : { state: breakerState, since: text(breaker['since']) },
    delivered: number(output['delivered']),
    waiting: number(fields(output['waiting'])['changes']),
    dropped: number(output['dropped']),
    refused: number(output['refused']),
    failedAttempts: number(output['failedAttempts']),
    latencySeconds: number(output['latencySeconds']),
  };
}

function readTransform(replica: string, value: unknown): TransformRow {
  const transform = fields(value);
  const { at, code, reason } = fields(transform['lastError']);
  return {
    replica,
    name: text(transform['name']) ?? '?',
    type: text(transform['type']),
    unchanged: number(transform['unchanged']),
    changed: number(transform['changed']),
    dropped: number(transform['dropped']),
    failed: number(transform['failed']),
    lastError: typeof code === 'string' ? { at: text(at), code, reason: text(reason) ?? '' } : null,
  };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
