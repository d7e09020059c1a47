/** Checks the keys of `columns` against each other. */
import type { Findings, Reading } from '@dstream/config/schema';
import type { Value } from '@dstream/core';
import type { ConvertedType } from './column-values.ts';

/** The values of a block. */
export interface ColumnKeys {
  readonly drop: readonly string[] | undefined;
  readonly keep: readonly string[] | undefined;
  readonly convert: ReadonlyMap<string, ConvertedType> | undefined;
  readonly truncate: ReadonlyMap<string, number> | undefined;
  readonly hash: readonly string[] | undefined;
  readonly hash_salt: string | undefined;
  readonly mask: readonly string[] | undefined;
  readonly rename: ReadonlyMap<string, string> | undefined;
  readonly set: ReadonlyMap<string, Value> | undefined;
  readonly allow_key: boolean;
}

type ColumnsReading = Omit<Reading, 'values'> & { readonly values: ColumnKeys };

const columnKeys = ['drop', 'keep', 'convert', 'truncate', 'hash', 'mask', 'rename', 'set'] as const;

/** Reports keys that contradict each other. */
export function checkColumns(reading: ColumnsReading, findings: Findings): void {
  const { values } = reading;
  if (!columnKeys.some((key) => reading.isGiven(key)))
    findings.add(reading.place, `nothing to do; write at least one of ${columnKeys.join(', ')}`);
  if (values.drop && values.keep)
    findings.add(
      reading.placeOf('drop'),
      'drop and keep cannot be combined; keep removes all others already',
    );
  checkSalt(reading, findings);
  checkRemoved(reading, findings);
  checkMasked(reading, findings);
  checkNewNames(reading, findings);
}

function checkSalt(reading: ColumnsReading, findings: Findings): void {
  if (reading.isGiven('hash') && !reading.isGiven('hash_salt'))
    findings.add(
      reading.placeOf('hash'),
      'hash needs hash_salt, or values could be guessed; write hash_salt = "{{ env "NAME" }}"',
    );
  if (reading.isGiven('hash_salt') && !reading.isGiven('hash'))
    findings.add(reading.placeOf('hash_salt'), 'hash_salt has no effect without hash; name columns in hash');
}

/** What is removed has no value left. */
function checkRemoved(reading: ColumnsReading, findings: Findings): void {
  const dropped = namesIn(reading.values.drop);
  const kept = reading.values.keep && namesIn(reading.values.keep);
  for (const key of ['convert', 'truncate', 'hash', 'mask', 'rename'] as const) {
    for (const name of columnsOf(reading.values[key])) {
      const isDropped = dropped.has(name.toLowerCase());
      if (isDropped) findings.add(reading.placeOf(key), `the column ${name} is also in drop; remove one`);
      if (kept?.has(name.toLowerCase()) === false)
        findings.add(reading.placeOf(key), `the column ${name} is not in keep; add it there`);
    }
  }
}

/** A mask stands for the whole value. */
function checkMasked(reading: ColumnsReading, findings: Findings): void {
  const masked = namesIn(reading.values.mask);
  for (const key of ['convert', 'truncate', 'hash'] as const)
    for (const name of columnsOf(reading.values[key]))
      if (masked.has(name.toLowerCase()))
        findings.add(reading.placeOf(key), `the column ${name} is also in mask; remove one`);
}

/** Names that differ in case only are one name, as in SQL Server by default. */
function checkNewNames(reading: ColumnsReading, findings: Findings): void {
  const { rename, set } = reading.values;
  const taken = new Set(namesIn([...(set?.keys() ?? [])]));
  for (const [from, to] of rename ?? []) {
    if (taken.has(to.toLowerCase()))
      findings.add(
        reading.placeOf('rename'),
        `${from}: another column gets the name ${to}, too; choose another`,
      );
    taken.add(to.toLowerCase());
  }
}

function columnsOf(names: Iterable<string> | ReadonlyMap<string, unknown> = []): readonly string[] {
  return names instanceof Map
    ? [...(names as ReadonlyMap<string, unknown>).keys()]
    : [...(names as Iterable<string>)];
}

function namesIn(names: readonly string[] = []): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
