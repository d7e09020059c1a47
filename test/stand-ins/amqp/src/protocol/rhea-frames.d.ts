/** The part of rhea's frame writer that is used here; the package ships no types for it. */
declare module 'rhea/lib/frames.js' {
  export interface DispositionFields {
    /** True when the receiver of the deliveries speaks. */
    readonly role: boolean;
    readonly first: number;
    readonly last: number;
    readonly settled: boolean;
    readonly state: unknown;
  }

  const frames: { disposition(fields: DispositionFields): unknown };
  export default frames;
}
