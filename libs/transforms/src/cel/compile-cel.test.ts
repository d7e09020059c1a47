import { DStreamError, type Row, type StampedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { compileCel } from './compile-cel.ts';

function event(data: Row | null, before?: Row): StampedEvent {
  const { metadata } = aChange(1, { operation: before ? 'update' : 'insert' });
  return { data, ...(before && { before }), metadata: { ...metadata, generation: 1, epoch: 1 } };
}

function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DStreamError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('a condition holds', () => {
  test.each([
    ['data.Amount > 100', { Amount: 100.5 }, true],
    ['data.Amount == 100 && data.Amount < 100.5', { Amount: 100 }, true],
    ['double(data.Amount) > 100.0', { Amount: '100.0001' }, true],
    ['int(data.Big) == 9007199254740993', { Big: '9007199254740993' }, true],
    ['int(data.ID) % 2 == 0', { ID: 4 }, true],
    ['data.Status in ["new", "open"]', { Status: 'open' }, true],
    ['data["Order Date"] >= "2026-01-01"', { 'Order Date': '2026-02-01' }, true],
    ['data.Name.matches("^A.*z$") && !data.Name.contains("!")', { Name: 'Abcz' }, true],
    ['has(data.Note)', { Note: null }, false],
    ['has(data.Note)', {}, false],
    ['data.Note == null', { Note: null }, true],
    ['!has(data.Note) || data.Note.startsWith("x")', { Other: 1 }, true],
    ['timestamp(data.At + "Z").getFullYear() == 2026', { At: '2026-02-01T10:00:00.1234567' }, true],
    ['metadata.operation == "insert" && metadata.table == "T" && metadata.key.N == 1', {}, true],
    ['before == null', {}, true],
    ['type(data.X) == string', { X: '1' }, true],
    ['data.exists(column, column == "A")', { A: 1 }, true],
    ['size(data) == 2', { A: 1, B: 2 }, true],
    ['data.A > -9223372036854775808 && data.A < 9223372036854775807', { A: 1 }, true],
  ] as const)('%s of %j: %s', (text, data, expected) => {
    expect(compileCel(text)(event(data as Row))).toBe(expected);
  });

  test('on the row before', () => {
    const raised = compileCel('before != null && data.Price > before.Price');
    expect(raised(event({ Price: 2 }, { Price: 1 }))).toBe(true);
    expect(raised(event({ Price: 2 }))).toBe(false);
  });

  test('with columns of odd names', () => {
    const row = JSON.parse('{"__proto__":"p","constructor":"c"}') as Row;
    expect(compileCel('data.__proto__ == "p" && data["constructor"] == "c"')(event(row))).toBe(true);
    expect(failureOf(() => compileCel('data.toString == "p"')(event({})))).toContain('no column or field');
  });
});

describe('an expression is refused, with its place', () => {
  test.each([
    ['data.A >', 'line 1, column 8: found > but expecting end of input'],
    [
      'data.A == 99999999999999999999999',
      'line 1, column 11: the number is outside the range of int, which has 64 bits; write a double such as 1e20',
    ],
    ['data.A ==\n  -9223372036854775809', 'line 2, column 3: the number is outside the range of int'],
    ['data.A == 18446744073709551616u', 'line 1, column 11: the number is outside the range of uint'],
    ['dta.x > 1', 'line 1, column 1: unknown name "dta"; did you mean "data"?'],
    ['data.x > 1 &&\n  dta.y', 'line 2, column 3: unknown name "dta"'],
    ['has(dta.x)', 'line 1, column 5: unknown name "dta"'],
    [
      'metadata.opration == "x"',
      'line 1, column 9: unknown field of metadata "opration"; did you mean "operation"?',
    ],
    ['doubl(data.x) > 1.0', 'line 1, column 1: unknown function "doubl"; did you mean "double"?'],
    ['data.x.startWith("a")', 'unknown function "startWith"; did you mean "startsWith"?'],
    ['double(data.x, 1) > 1.0', 'double does not take (dyn, int)'],
    ['data.x.startsWith() ', 'startsWith does not take dyn.()'],
    ['"a" + 1 == data.x', '+ does not take (string, int); convert texts with double(…) or int(…)'],
    ['data.x', 'none'],
    ['data.x + data.y', 'none'],
    ['data.x + 1', 'line 1, column 8: the result is of type int'],
    ['double(data.x)', 'line 1, column 1: the result is of type double; a condition is true or false'],
    ['"yes"', 'the result is of type string; a condition is true or false'],
    ['data.x > 1 || "yes"', 'line 1, column 15: && and || join conditions; this is of type string'],
    ['"a" ? true : false', 'a condition is true or false, not of type string'],
    ['data.x.matches("a(")', 'line 1, column 16: invalid regular expression: '],
    ['data.l.all(x)', 'unknown function "all"'],
    ['data.all(a, data.all(b, data.all(c, a == b && b == c)))', 'macros are nested deeper than 2 levels'],
    [`data.x == "${'x'.repeat(4000)}"`, 'it is longer than 4000 characters'],
    ['('.repeat(3999), 'invalid CEL: '],
  ])('%.40s', (text, expected) => {
    const said = failureOf(() => compileCel(text));
    expect(said).toContain(expected);
    expect(said).toMatch(/^(?:none$|ConfigInvalid: invalid CEL: )/);
  });
});

describe('a change for which it cannot be evaluated fails, without its values', () => {
  test.each([
    ['data.No == 1', {}, 'line 1, column 5: there is no column or field No; ask has(…) first'],
    ['data.A % 2 == 0', { A: 4 }, 'line 1, column 8: _%_ does not take (double, int)'],
    [
      'double(data.A) > 1.0',
      { A: 'secret' },
      'line 1, column 1: a value is not of the form that is needed here',
    ],
    ['double(data.A) < 1.0', { A: '' }, 'a value is not of the form'],
    ['int(data.A) < 1', { A: '0x10' }, 'a value is not of the form'],
    ['int(data.A) < 1', { A: '9223372036854775808' }, 'a value is not of the form'],
    ['data.A > 1', { A: null }, '_>_ does not take (null_type, int)'],
    ['data[data.A] == 1', { A: 'secret' }, 'a value is not of the form'],
    ['data.A', { A: 'secret' }, 'it is neither true nor false'],
    ['before.A == 1', { A: 1 }, 'failed'],
  ] as const)('%s of %j', (text, data, expected) => {
    const condition = compileCel(text);
    const said = failureOf(() => condition(event(data)));
    expect(said).toMatch(/^TransformFailed: the condition ".*" failed: /);
    expect(said).toContain(expected);
    expect(said).not.toContain('secret');
  });
});

test('a regular expression takes no longer than its text', () => {
  const condition = compileCel('data.A.matches("^(a+)+$")');
  expect(condition(event({ A: `${'a'.repeat(5_000)}!` }))).toBe(false);
});

test.each(['double', 'int', 'uint'])('%s of a long text takes no longer than its text', (type) => {
  const condition = compileCel(`${type}(data.A) == ${type}(1)`);
  const failure = failureOf(() => condition(event({ A: `${'1'.repeat(200_000)}x` })));
  expect(failure).toContain('a value is not of the form that is needed here');
});

describe('an evaluation that would visit very many elements', () => {
  const row = (columns: number) =>
    Object.fromEntries(Array.from({ length: columns }, (_, n) => [`c${n}`, n]));
  const list = (length: number) => ({ L: Array.from({ length }, (_, n) => n) });

  test.each([
    ['data.L.exists(a, data.L.exists(b, a < b && b < a))', list(1_000)],
    ['data.L.all(a, a in data.L)', list(1_000)],
    ['data.all(a, data.all(b, a == a || a != b))', row(1_000)],
    ['data.L.all(a, data.L[0] == 0.0)', list(1_000)],
  ])('fails: %s', (text, data) => {
    const failure = failureOf(() => compileCel(text)(event(data)));
    expect(failure).toContain('more than 100000 elements would be visited');
  });

  test('does not fail for the next change', () => {
    const condition = compileCel('data.L.exists(a, data.L.exists(b, a < b && b < a))');
    for (let n = 0; n < 3; n += 1) expect(condition(event(list(200)))).toBe(false);
  });
});
