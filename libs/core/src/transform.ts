import type { CallOptions } from './call-options.ts';
import type { ChangeEvent } from './change-event.ts';

/** Changes into changes. [] drops the event. An error's disposition decides: retry, or dead-letter. */
export interface Transform {
  apply(events: readonly ChangeEvent[], o: CallOptions): Promise<readonly ChangeEvent[]>;
}
