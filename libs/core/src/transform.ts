import type { CallOptions } from './context.ts';
import type { ChangeEvent } from './change-event.ts';

/** Turns changes into changes; [] drops them. An error's disposition decides: retry, or dead-letter. */
export interface Transform {
  apply(events: readonly ChangeEvent[], o: CallOptions): Promise<readonly ChangeEvent[]>;
}
