/** Waiting inside of a batch. */
import { setImmediate } from 'node:timers';
import { errors } from '../errors/errors.ts';
import type { Timers } from '../server/server-state.ts';
import type { Replying, Wait } from './replies.ts';

/** Lets everybody else have a turn. */
export function pause(): Wait {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return { kind: 'wait', until: promise };
}

/** WAITFOR DELAY 'hh:mm:ss.mmm'. Error 148. */
export function* sleep(delay: string, timers: Timers, signal: AbortSignal): Replying {
  const parts = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,3}))?)?$/.exec(delay.trim());
  if (parts === null) throw errors.delaySyntax(delay);
  const [, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = parts;
  const ms =
    ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'));
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = timers.after(ms, resolve);
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    yield { kind: 'wait', until: promise };
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
  signal.throwIfAborted();
}
