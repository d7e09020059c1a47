import { expect, test } from 'vitest';
import type { CheckResult } from '@dstream/core';
import { inColour } from '@dstream/terminal';
import { checkDocuments, outcomesOf } from './check-document.ts';
import { partLines, summaryLine } from './check-lines.ts';

const results: readonly CheckResult[] = [
  {
    outcome: 'passed',
    check: 'network.connect',
    subject: 'db1:1433',
    message: 'a connection to db1:1433 opens',
  },
  {
    outcome: 'warned',
    check: 'sqlserver.retention',
    message: 'retention is 1 day',
    remedy: { kind: 'advice', text: 'make it longer than the longest outage' },
  },
  {
    outcome: 'failed',
    check: 'sqlserver.captured',
    subject: 'sales.Orders',
    message: 'the table is not captured',
    remedy: { kind: 'sql', text: "EXEC sys.sp_cdc_enable_table\n  @source_schema = N'sales';\n" },
  },
];
const report = { path: 'ingester.source', type: 'sqlserver', results };

test('a part is a heading, a line for each check, and below it what to run', () => {
  expect(partLines(report, { width: 120 })).toEqual([
    'ingester.source  sqlserver',
    '  ✓ a connection to db1:1433 opens',
    '  ! retention is 1 day (sqlserver.retention)',
    '      make it longer than the longest outage',
    '  ✗ sales.Orders: the table is not captured (sqlserver.captured)',
    '      EXEC sys.sp_cdc_enable_table',
    "        @source_schema = N'sales';",
    '',
  ]);
});

test('sentences are wrapped, what is to be copied is not', () => {
  const lines = partLines(report, { width: 32 });
  expect(lines).toContain('      EXEC sys.sp_cdc_enable_table');
  expect(lines.filter((line) => !/EXEC|source/.test(line)).every((line) => line.length <= 32)).toBe(true);
  expect(lines.slice(4, 6)).toEqual(['    (sqlserver.retention)', '      make it longer than the']);
});

test('signs have colours where there are some', () => {
  const [, passed] = partLines(report, { width: 120, paint: inColour });
  expect(passed).toBe('  \u001b[32m✓\u001b[39m a connection to db1:1433 opens');
});

test('what a server names does not reach the terminal as it is', () => {
  const evil: CheckResult = {
    outcome: 'failed',
    check: 'a.b',
    message: 'table \u001b[2Jx',
    remedy: { kind: 'sql', text: 'SELECT 1; -- \u001b[2J\nSELECT 2' },
  };
  const lines = partLines({ ...report, path: 'processor.output.\u001b[2J', results: [evil] }, { width: 80 });
  expect(lines.join('')).not.toContain('\u001b');
  expect(lines).toContain('      SELECT 2');
});

test('the summary counts', () => {
  expect(summaryLine(outcomesOf([report, report]))).toBe('2 passed, 2 warnings, 2 failed');
  expect(summaryLine({ passed: 1, warned: 1, failed: 0 })).toBe('1 passed, 1 warning, 0 failed');
});

test('JSON has every result, with what to run', () => {
  expect(checkDocuments(report)).toEqual([
    {
      part: 'ingester.source',
      check: 'network.connect',
      outcome: 'passed',
      subject: 'db1:1433',
      message: 'a connection to db1:1433 opens',
      remedy: null,
    },
    {
      part: 'ingester.source',
      check: 'sqlserver.retention',
      outcome: 'warned',
      subject: null,
      message: 'retention is 1 day',
      remedy: { kind: 'advice', text: 'make it longer than the longest outage' },
    },
    {
      part: 'ingester.source',
      check: 'sqlserver.captured',
      outcome: 'failed',
      subject: 'sales.Orders',
      message: 'the table is not captured',
      remedy: { kind: 'sql', text: "EXEC sys.sp_cdc_enable_table\n  @source_schema = N'sales';\n" },
    },
  ]);
});
