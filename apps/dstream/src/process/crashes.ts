/**
 * Errors that nobody caught: thrown out of an event of a library, or the reason of a promise that nobody waits for. By
 * default one line and the end of the process; while services run they are drained first.
 */
import { endProcess } from './end-process.ts';
import { sayFailure } from './failure.ts';

type Handler = (error: unknown) => void;

const endAtOnce: Handler = (error) => {
  sayFailure(error);
  endProcess(1, () => false);
};

let handle = endAtOnce;

/** To be called once, before anything else runs. */
export function catchCrashes(): void {
  process.on('uncaughtException', (error) => handle(error));
  process.on('unhandledRejection', (reason) => handle(reason));
}

/** Until it is disposed `handler` decides what becomes of them. */
export function onCrash(handler: Handler): Disposable {
  handle = handler;
  return {
    [Symbol.dispose]: () => {
      handle = endAtOnce;
    },
  };
}
