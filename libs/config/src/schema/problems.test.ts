import { expect, test } from 'vitest';
import { Problems } from './problems.ts';

test('every finding is one line that begins with file and line, in the order of the file', () => {
  const problems = new Problems('dstream.hcl');
  problems.add({ line: 7, path: 'ingester.name' }, 'it is wrong;\n  make it right\n');
  problems.add({ line: 2, path: '' }, 'so is this; fix it');
  expect(() => problems.throwIfAny()).toThrow(
    /^dstream\.hcl:2: so is this; fix it\ndstream\.hcl:7: ingester\.name: it is wrong; make it right$/,
  );
});

test('a note is no error, but for a strict reader', () => {
  const [lenient, strict] = [new Problems('dstream.hcl'), new Problems('dstream.hcl', true)];
  for (const problems of [lenient, strict]) problems.addNote({ line: 3, path: 'service' }, 'a note');
  expect(() => lenient.throwIfAny()).not.toThrow();
  expect(lenient.notes()).toEqual(['dstream.hcl:3: service: a note']);
  expect(() => strict.throwIfAny()).toThrow('dstream.hcl:3: service: a note');
});
