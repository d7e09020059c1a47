/** Scalar functions of change data capture, sys.fn_cdc_*. */
import { datetimeOf, msOf } from '../values/basic/moments.ts';
import type { SqlMoment, SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { EngineFunction } from './engine-function.ts';
import type { Run } from './run.ts';
import { textOf } from './text-of.ts';
import { mayReadCapture } from '../security/capture-access.ts';
import { LSN_BYTES, LSN_TYPE, lsnFromBytes, lsnToBytes } from '../storage/log-sequence.ts';
import type { Database } from '../storage/database.ts';
import { isBitSet } from '../storage/capture-instance.ts';

const NAME: SqlType = { name: 'nvarchar', length: 128 };
const MASK: SqlType = { name: 'varbinary', length: 128 };
const INT: SqlType = { name: 'int' };
const BIT: SqlType = { name: 'bit' };
const DATETIME: SqlType = { name: 'datetime' };

type CdcCall = (args: readonly SqlValue[], database: Database, run: Run) => SqlValue;

const define = (type: SqlType, takes: readonly SqlType[], call: CdcCall): EngineFunction => ({
  type,
  takes,
  minArgs: takes.length,
  maxArgs: takes.length,
  call: (args, { run }, database = run.session.database) => call(args, database, run),
});

const isBytes = (value: SqlValue | undefined): value is Uint8Array => value instanceof Uint8Array;

const isNamed = ({ collation }: Database, name: string, given: SqlValue | undefined): boolean => {
  const { fold } = collation;
  return fold(name) === fold(textOf(given));
};

/** Ten bytes as one number, one more or one less. */
function stepped(bytes: Uint8Array, by: 1n | -1n): Uint8Array {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`) + by;
  const hex = BigInt.asUintN(LSN_BYTES * 8, value)
    .toString(16)
    .padStart(LSN_BYTES * 2, '0');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export const CDC_FUNCTIONS: Readonly<Record<string, EngineFunction>> = {
  'sys.fn_cdc_get_max_lsn': define(LSN_TYPE, [], (_args, { cdc }) => {
    const lsn = cdc?.maxLsn;
    return lsn === undefined ? null : lsnToBytes(lsn);
  }),
  'sys.fn_cdc_get_min_lsn': define(LSN_TYPE, [NAME], ([name], database, run) => {
    const instance = typeof name === 'string' ? database.cdc?.instance(name) : undefined;
    const readable = instance !== undefined && mayReadCapture(run.session.access(database), instance);
    return !readable ? new Uint8Array(LSN_BYTES) : lsnToBytes(instance.lowLsn);
  }),
  'sys.fn_cdc_increment_lsn': define(LSN_TYPE, [LSN_TYPE], ([lsn]) =>
    isBytes(lsn) ? stepped(lsn, 1n) : null,
  ),
  'sys.fn_cdc_decrement_lsn': define(LSN_TYPE, [LSN_TYPE], ([lsn]) =>
    isBytes(lsn) ? stepped(lsn, -1n) : null,
  ),
  'sys.fn_cdc_map_lsn_to_time': define(DATETIME, [LSN_TYPE], ([lsn], { cdc }) => {
    if (cdc === undefined || !isBytes(lsn)) return null;
    const wanted = lsnFromBytes(lsn);
    const entry = cdc.mapping[cdc.mappingAt(wanted)];
    return entry?.lsn === wanted ? datetimeOf(entry.endMs) : null;
  }),
  'sys.fn_cdc_map_time_to_lsn': define(LSN_TYPE, [NAME, DATETIME], mapTimeToLsn),
  'sys.fn_cdc_is_bit_set': define(BIT, [INT, MASK], ([position, mask]) => {
    if (typeof position !== 'number' || !isBytes(mask)) return null;
    return position >= 1 && isBitSet(mask, position);
  }),
  'sys.fn_cdc_get_column_ordinal': define(INT, [NAME, NAME], ([instance, column], database) => {
    const columns = typeof instance === 'string' ? database.cdc?.instance(instance)?.columns : undefined;
    return columns?.find(({ name }) => isNamed(database, name, column))?.ordinal ?? null;
  }),
  'sys.fn_cdc_has_column_changed': define(BIT, [NAME, NAME, MASK], ([instance, column, mask], database) => {
    const columns = typeof instance === 'string' ? database.cdc?.instance(instance)?.columns : undefined;
    const ordinal = columns?.find(({ name }) => isNamed(database, name, column))?.ordinal;
    return ordinal === undefined || !isBytes(mask) ? null : isBitSet(mask, ordinal);
  }),
};

/** The relation is about tran_end_time of cdc.lsn_time_mapping ("sys.fn_cdc_map_time_to_lsn"). */
function mapTimeToLsn([relation, time]: readonly SqlValue[], { cdc }: Database): SqlValue {
  if (cdc === undefined || typeof relation !== 'string' || time === null) return null;
  const wanted = msOf(time as SqlMoment);
  const entries = cdc.mapping.map((entry) => ({ lsn: entry.lsn, ms: msOf(datetimeOf(entry.endMs)) }));
  const found = pick(relation.toLowerCase(), entries, wanted);
  return found === undefined ? null : lsnToBytes(found.lsn);
}

interface Timed {
  readonly lsn: number;
  readonly ms: number;
}

function pick(relation: string, entries: readonly Timed[], wanted: number): Timed | undefined {
  switch (relation) {
    case 'largest less than':
      return entries.findLast(({ ms }) => ms < wanted);
    case 'largest less than or equal':
      return entries.findLast(({ ms }) => ms <= wanted);
    case 'smallest greater than':
      return entries.find(({ ms }) => ms > wanted);
    case 'smallest greater than or equal':
      return entries.find(({ ms }) => ms >= wanted);
    default:
      throw errors.tooFewArguments('sys.fn_cdc_map_time_to_lsn');
  }
}
