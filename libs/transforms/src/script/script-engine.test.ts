import { expect, test } from 'vitest';
import { compileEngine, ScriptEngine, type ChangeText } from './script-engine.ts';

const change: ChangeText = {
  images: '[{"N":1}]',
  metadata: JSON.stringify({ id: 'x'.repeat(1000), key: null }),
};

async function open(source: string): Promise<ScriptEngine> {
  const limits = { cpuMs: 1000, loadMs: 1000, memory: 2 * 1024 * 1024, allowClock: false };
  return await ScriptEngine.open({ engine: await compileEngine(), name: 't.js', source, ...limits });
}

test('what the host gives to a script is freed', async () => {
  using engine = await open(`export default (change, { hash, uuid, log }) => {
    log(hash(change.metadata.id) + uuid(change.metadata.id));
    return change;
  }`);
  const kinds = new Set(Array.from({ length: 5000 }, () => engine.run([change]).kind));
  expect([...kinds]).toEqual(['made']);
});

test('an engine that met a limit says so, and whether earlier changes may be the cause', async () => {
  using engine = await open(
    'const kept = []; export default (change) => { kept.push("x".repeat(1e5) + kept.length); return change; }',
  );
  const answers = Array.from({ length: 40 }, () => engine.run([change]));
  expect(answers[0]).toEqual({ kind: 'made', text: '' });
  expect(answers.find(({ kind }) => kind === 'broken')).toEqual({
    kind: 'broken',
    reason: 'it used more memory than it may (limits.memory, 2097152 bytes)',
    again: true,
  });
});
