/**
 * `__$update_mask`: a bit for every captured column by its ordinal, the lowest ordinals in the LAST byte
 * (FACTS: read off `sys.fn_cdc_is_bit_set`).
 * @param ordinal `column_ordinal` of `cdc.captured_columns`, from 1
 */
export function isBitSet(mask: Buffer, ordinal: number): boolean {
  const byte = mask[mask.length - 1 - Math.floor((ordinal - 1) / 8)];
  return byte !== undefined && (byte & (1 << ((ordinal - 1) % 8))) !== 0;
}
