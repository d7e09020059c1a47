/**
 * The generation of a checkpoint that is created, rewound, reset or begun again (DESIGN 5, rule 3): larger than any
 * before, also after the store lost the previous one. `storeDateMs` is the store's own `Date`, never this machine's.
 */
export function nextGeneration(storeDateMs: number, previous: number | undefined): number {
  return Math.max(storeDateMs, (previous ?? 0) + 1);
}
