import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fixedTypes } from '../../../../test/support/fixed-types.ts';
import { loadText } from '../../../../test/support/in-memory-types.ts';
import { scriptType } from './script-type.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-script-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What is said of a file whose transform has these lines; the block begins at line 8. */
async function saidOf(...lines: readonly string[]): Promise<string> {
  const text = [
    'processor {',
    '  source {',
    '    connection_string = "{{ env "BUS" }}"',
    '  }',
    '  output {',
    '    type = "console"',
    '  }',
    '  transform "one" {',
    '    type = "script"',
    ...lines,
    '  }',
    '}',
  ].join('\n');
  const types = { ...fixedTypes, transforms: [scriptType] as const };
  const env = {
    BUS: 'Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;',
  };
  try {
    await loadText(folder, text, { types, use: 'validate', env });
    return 'nothing';
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
}

test('a script that can be loaded is accepted', async () => {
  await writeFile(join(folder, 'a.js'), 'export default (change) => change;');
  expect(await saidOf('file = "a.js"', 'limits {', '  cpu = "20ms"', '}')).toBe('nothing');
});

test.each([
  ['export default function (change) {\n  return change +;\n}', 'a.js:2:18: SyntaxError: '],
  ['\nundefinedName();', 'a.js:2:1: ReferenceError: undefinedName is not defined'],
  ['export const x = 1;', 'a.js exports neither a default function nor batch'],
])('what is wrong with %j is said with both places', async (source, problem) => {
  await writeFile(join(folder, 'a.js'), source);
  expect(await saidOf('file = "a.js"')).toContain(`:10: processor.transform.one.file: ${problem}`);
});

test('a file that cannot be read or is too large is refused', async () => {
  expect(await saidOf('file = "no.js"')).toContain(
    ':10: processor.transform.one.file: cannot read no.js (ENOENT); give the path of the script',
  );
  await writeFile(join(folder, 'large.js'), `/*${'x'.repeat(1_048_576)}*/`);
  expect(await saidOf('file = "large.js"')).toContain(
    'large.js has 1048580 bytes; a script may have 1048576',
  );
});

test('only a regular file of UTF-8 is read: nothing can block', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe.js')]);
  await writeFile(
    join(folder, 'latin1.js'),
    Buffer.from('// \xfc\nexport default (change) => change;', 'latin1'),
  );
  const sentence = 'is not a regular file; give the path of the script';
  expect(await saidOf('file = "pipe.js"')).toContain(`pipe.js ${sentence}`);
  expect(await saidOf('file = "."')).toContain(sentence);
  expect(await saidOf('file = "/dev/zero"')).toContain(`/dev/zero ${sentence}`);
  expect(await saidOf('file = "latin1.js"')).toContain('latin1.js is not UTF-8; save it as UTF-8');
});

test('limits have bounds, and pass needs a word', async () => {
  await writeFile(join(folder, 'a.js'), 'export default (change) => change;');
  const said = await saidOf(
    'file = "a.js"',
    'on_error = "pass"',
    'limits {',
    '  cpu = "1ms"',
    '  memory = 1000',
    '}',
  );
  expect(said).toContain('"1ms" is out of range (5ms–10s)');
  expect(said).toContain('1000 is out of range (1048576–1073741824)');
  expect(said).toContain('"pass" would deliver what the transform hides');
});
