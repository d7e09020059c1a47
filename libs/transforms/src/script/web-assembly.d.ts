/** What the script engine uses of WebAssembly: Node has it, its types do not. */
declare namespace WebAssembly {
  /** A compiled module; it may be instantiated many times. */
  type Module = object;
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
