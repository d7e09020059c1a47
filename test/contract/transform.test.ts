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
