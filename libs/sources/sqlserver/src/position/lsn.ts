/**
 * Log sequence numbers: binary(10), here as 20 upper-case hexadecimal digits, so that they compare as text.
 * Neighbours are plain arithmetic on the ten bytes, which is what `sys.fn_cdc_increment_lsn` does.
 */
export type Lsn = string & { readonly __brand: 'Lsn' };

export const lsnDigits = 20;

/** What `sys.fn_cdc_get_min_lsn` answers for an unknown instance or without access. */
export const zeroLsn = '00000000000000000000' as Lsn;

/** Above every LSN: a position that never sees a change. */
export const highestLsn = 'FFFFFFFFFFFFFFFFFFFF' as Lsn;

export function lsnOf(bytes: Buffer): Lsn {
  return bytes.toString('hex').toUpperCase().padEnd(20, '0') as Lsn;
}

export function isLsn(text: unknown): text is Lsn {
  return typeof text === 'string' && /^[0-9A-F]{20}$/.test(text);
}

export function lsnBytes(lsn: Lsn): Buffer {
  return Buffer.from(lsn, 'hex');
}

export function nextLsn(lsn: Lsn): Lsn {
  return lsn === highestLsn ? lsn : shifted(lsn, 1n);
}

export function previousLsn(lsn: Lsn): Lsn {
  return lsn === zeroLsn ? lsn : shifted(lsn, -1n);
}

function shifted(lsn: Lsn, by: bigint): Lsn {
  return (BigInt(`0x${lsn}`) + by).toString(16).toUpperCase().padStart(20, '0') as Lsn;
}
