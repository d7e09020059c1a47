import { expect, test } from 'vitest';
import { layoutTable, type Column } from './table.ts';

interface Row {
  readonly name: string;
  readonly count: number;
  readonly where?: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name, least: 6 },
  { title: 'COUNT', cell: ({ count }) => String(count), align: 'right' },
  { title: 'WHERE', cell: ({ where }) => where ?? '', least: 8, keep: 'end', rank: 1 },
];
const rows: readonly Row[] = [
  { name: 'Customers', count: 7, where: 'http://127.0.0.1:4711' },
  { name: '王小明', count: 12_345, where: 'x' },
];

const shown = (width: number, of = rows) => {
  const { header, lines } = layoutTable(columns, of, { width });
  return [header, ...lines];
};

test('columns are as wide as their content, in cells of the terminal', () => {
  expect(shown(80)).toEqual([
    'NAME       COUNT  WHERE',
    'Customers      7  http://127.0.0.1:4711',
    '王小明     12345  x',
  ]);
});

test('what is too wide is cut, the widest first, at the less important end', () => {
  expect(shown(30)).toEqual([
    'NAME       COUNT  WHERE',
    'Customers      7  ….0.0.1:4711',
    '王小明     12345  x',
  ]);
});

test('a column that does not fit even when all are cut is left out', () => {
  expect(shown(20)).toEqual(['NAME       COUNT', 'Customers      7', '王小明     12345']);
});

test('what may not be left out is cut as far as it may be', () => {
  expect(shown(13)).toEqual(['NAME    COUNT', 'Custo…      7', '王小明  12345']);
});

test('where nothing more can be left out the line is cut', () => {
  expect(shown(9)).toEqual(['NAME    …', 'Custo…  …', '王小明  …']);
});

test('a column without any text is not there', () => {
  expect(shown(80, [{ name: 'a', count: 1 }])).toEqual(['NAME  COUNT', 'a         1']);
});

test('the style is laid over the whole cell', () => {
  const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`;
  const styled = [
    { ...columns[0], title: 'NAME', cell: (row: Row) => row.name, style: () => 'red' as const },
  ];
  expect(layoutTable(styled, [{ name: 'ab', count: 1 }], { width: 20, paint }).lines).toEqual([
    '<red>ab  </>',
  ]);
});

test('what would move the cursor is made visible', () => {
  expect(shown(80, [{ name: 'a\u001b[2J', count: 1 }])[1]).toBe('a\\u001b[2J      1');
});
