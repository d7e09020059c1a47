import { describe, expect, test } from 'vitest';
import { normaliseStatement, StatementCounter } from './statement-counter.ts';

describe('a statement without its literals', () => {
  test.each([
    ['SELECT *\n  FROM T\tWHERE Id = 5', 'SELECT * FROM T WHERE Id = ?'],
    ["INSERT T VALUES (N'it''s', 0x0AfF, -1.5e3)", 'INSERT T VALUES (?, ?, -?)'],
    ['SELECT c1, @p0, [2], #t3 FROM T1', 'SELECT c1, @p0, [2], #t3 FROM T1'],
  ])('%j is %j', (text, expected) => {
    expect(normaliseStatement(text)).toBe(expected);
  });
});

test('statements that differ in literals only are counted as one', () => {
  const counter = new StatementCounter();
  for (const id of [1, 2, 3]) counter.add(`SELECT ${id}`);
  counter.add('COMMIT');
  expect(counter.total).toBe(4);
  expect(counter.byText()).toEqual({ 'SELECT ?': 3, COMMIT: 1 });
});

test('memory stays bounded: texts above the thousandth share one entry', () => {
  const counter = new StatementCounter();
  for (let i = 0; i < 1200; i++) counter.add(`SELECT c${i}`);
  counter.add('SELECT c0');
  expect(Object.keys(counter.byText())).toHaveLength(1001);
  expect(counter.byText()['(other statements)']).toBe(200);
  expect(counter.byText()['SELECT c0']).toBe(2);
});
