import { fileURLToPath } from 'node:url';
import type { Transform } from '@dstream/core';
import { loadedTransform } from '../support/loaded-transform.ts';
import { transformContract } from './transform.ts';

transformContract('columns', {
  busy: loadedTransform(
    'columns',
    'convert = { Amount = "number" }\nmask = ["Text"]\nrename = { Json = "Document" }',
  ),
  idle: loadedTransform('columns', 'drop = ["Other"]\nhash = ["Empty"]\nhash_salt = "salt"'),
});

transformContract('filter', {
  busy: loadedTransform('filter', 'when = "double(data.Amount) > 4.0"'),
  idle: loadedTransform('filter', 'when = "has(data.N)"'),
});

/** A script of `test/fixtures/scripts`. */
function script(name: string): () => Promise<Transform> {
  const path = fileURLToPath(new URL(`../fixtures/scripts/${name}.js`, import.meta.url));
  return loadedTransform('script', `file = ${JSON.stringify(path)}\nlimits {\n  cpu = "5s"\n}`);
}

transformContract('script', { busy: script('busy'), idle: script('idle') });
transformContract('script, in batches', { busy: script('busy-batch'), idle: script('idle-batch') });
transformContract('flatten', {
  busy: loadedTransform('flatten', 'columns = ["json"]'),
  idle: loadedTransform('flatten', 'columns = ["Empty", "Other"]'),
});

transformContract('parse_json', {
  busy: loadedTransform('parse_json', 'columns = ["Json"]'),
  idle: loadedTransform('parse_json', 'columns = ["Empty"]'),
});
