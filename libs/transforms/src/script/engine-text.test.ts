import { QuickJS } from 'quickjs-wasi';
import { expect, test } from 'vitest';
import { newText, textIn } from './engine-text.ts';
import { compileEngine } from './script-engine.ts';

const wasm = await compileEngine();

test.each([
  ['nothing', ''],
  ['Latin', '["Müller"]'],
  ['other scripts', '["Данные 表 🚀"]'],
  ['a zero', '["a\u0000b"]'],
  ['a lone surrogate', JSON.stringify(['\ud83d'])],
  ['a long text', JSON.stringify(['é'.repeat(100_000)])],
])('%s goes in and comes out', async (_name, text) => {
  using vm = await QuickJS.create({ wasm });
  using given = newText(vm, text);
  expect(textIn(given)).toBe(text);
  expect(given.toString()).toBe(text);
});

test('the memory of a text is free again', async () => {
  using vm = await QuickJS.create({ wasm });
  const text = JSON.stringify(['x'.repeat(1_000_000)]);
  const used = () => vm.getMemoryUsage().mallocSize;
  const before = used();
  for (let n = 0; n < 100; n += 1) {
    using given = newText(vm, text);
    textIn(given);
  }
  expect(used() - before).toBeLessThan(100_000);
});

test('a text that the engine has no memory for is refused', async () => {
  using vm = await QuickJS.create({ wasm, memoryLimit: 2_097_152 });
  expect(() => newText(vm, 'x'.repeat(4_000_000))).toThrow('out of memory');
});
