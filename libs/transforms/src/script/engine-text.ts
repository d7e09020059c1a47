/**
 * Text into the engine and out of it. `newString` and `toString` of quickjs-wasi look for lone surrogates first, which costs
 * more than all else they do. JSON text has none: `JSON.stringify` escapes them, here and in the engine.
 */
import { JSValueHandle, type QuickJS } from 'quickjs-wasi';

const encoder = new TextEncoder();

/** @param text JSON, or another text without lone surrogates. Throws where the engine has no memory for it; the engine is of no further use then */
export function newText(vm: QuickJS, text: string): JSValueHandle {
  const engine = vm._getExports();
  const size = Buffer.byteLength(text);
  const at = engine.wasm_malloc(size);
  if (at === 0) throw new Error('wasm_malloc failed');
  encoder.encodeInto(text, new Uint8Array(engine.memory.buffer, at, size));
  const made = engine.qjs_new_string(at, size);
  engine.wasm_free(at);
  if (engine.qjs_is_exception(made) !== 0) throw new Error('out of memory');
  return new JSValueHandle(vm, made);
}

/** @param handle of a string. A lone surrogate in it becomes U+FFFD */
export function textIn({ vm, ptr }: JSValueHandle): string {
  const engine = vm._getExports();
  const sizeAt = engine.wasm_malloc(Uint32Array.BYTES_PER_ELEMENT);
  if (sizeAt === 0) throw new Error('wasm_malloc failed');
  const at = engine.qjs_get_string_len(ptr, sizeAt);
  if (at === 0) throw new Error('out of memory');
  const size = new DataView(engine.memory.buffer).getUint32(sizeAt, true);
  const text = Buffer.from(engine.memory.buffer, at, size).toString('utf8');
  engine.qjs_free_cstring(at);
  engine.wasm_free(sizeAt);
  return text;
}
