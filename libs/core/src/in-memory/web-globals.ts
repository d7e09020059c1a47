interface Controller {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

interface ControllerGlobal {
  readonly AbortController: new () => Controller;
}

/** The web's AbortController, which every runtime has: core is compiled without the types of any. */
export function abortController(): Controller {
  const { AbortController } = globalThis as unknown as ControllerGlobal;
  return new AbortController();
}

/** Text as the bytes of a message. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
