const unixEpochTicks = 621_355_968_000_000_000n;

/** .NET ticks (100 ns since 0001-01-01) of a moment in milliseconds since 1970, as eight bytes, most significant first. */
export function ticksOf(ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.round(ms)) * 10_000n + unixEpochTicks);
  return bytes;
}
