import type { RheaOutcome } from '../../protocol/rhea-internals.ts';
import type { PropertyChanges } from '../wire/payload.ts';
import type { Settlement } from '../broker/settlement.ts';

/** How Service Bus reads AMQP outcomes (AMQP 1.0 in Azure Service Bus protocol guide; seen in @azure/service-bus 7.9.5). */
export function settlementOf(
  outcome: 'accepted' | 'rejected' | 'released' | 'modified',
  state: RheaOutcome,
): Settlement {
  if (outcome === 'accepted') return { kind: 'complete' };
  if (outcome === 'released') return { kind: 'release' };
  if (outcome === 'rejected') return deadLetterOf(state);
  return { kind: state.undeliverable_here === true ? 'defer' : 'abandon', changes: changesOf(state) };
}

const empty: PropertyChanges = {};

function changesOf(state: RheaOutcome): PropertyChanges {
  return state.message_annotations ?? empty;
}

/** Reason and description travel in the error's info beside the properties to set. */
function deadLetterOf(state: RheaOutcome): Settlement {
  const { DeadLetterReason, DeadLetterErrorDescription, ...changes } = state.error?.info ?? empty;
  return {
    kind: 'dead-letter',
    reason: textOrUndefined(DeadLetterReason) ?? state.error?.description ?? undefined,
    description: textOrUndefined(DeadLetterErrorDescription),
    changes,
  };
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
