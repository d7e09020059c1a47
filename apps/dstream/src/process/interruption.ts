/** Lets a command finish the step that is under way when it is interrupted. */

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process, as it does after the disposal. */
export function interruption(): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const interrupt = () => {
    stop.abort();
    remove();
  };
  const remove = () => signals.forEach((name) => process.removeListener(name, interrupt));
  signals.forEach((name) => process.on(name, interrupt));
  return { signal: stop.signal, [Symbol.dispose]: remove };
}
