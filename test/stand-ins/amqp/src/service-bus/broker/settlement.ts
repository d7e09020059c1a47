import type { PropertyChanges } from '../wire/payload.ts';

/** What a receiver decides about a message it has locked. */
export type Settlement =
  | { readonly kind: 'complete' }
  /** Given back: it may be delivered again, and one delivery is counted. */
  | { readonly kind: 'abandon'; readonly changes?: PropertyChanges | undefined }
  /** Given back as if it had not been delivered. */
  | { readonly kind: 'release' }
  /** Set aside: it can only be received by its sequence number. */
  | { readonly kind: 'defer'; readonly changes?: PropertyChanges | undefined }
  | {
      readonly kind: 'dead-letter';
      readonly reason?: string | undefined;
      readonly description?: string | undefined;
      readonly changes?: PropertyChanges | undefined;
    };
