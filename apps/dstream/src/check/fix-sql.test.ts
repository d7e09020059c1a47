import { expect, test } from 'vitest';
import type { CheckResult, Remedy } from '@dstream/core';
import { fixScript } from './fix-sql.ts';

const failed = (subject: string, remedy: Remedy): CheckResult => ({
  outcome: 'failed',
  check: 'sqlserver.grant',
  subject,
  message: 'SELECT is missing',
  remedy,
});
const sql = (text: string): Remedy => ({ kind: 'sql', text });
const script = (...results: readonly CheckResult[]) =>
  fixScript('d.hcl', [{ path: 'ingester.source', type: 'sqlserver', results }]);
const head = '-- T-SQL for what `dstream check` found with d.hcl. It changes the database: read it first.';

test('each remedy is a batch of its own, once', () => {
  const found = [
    failed('dbo.A', sql('GRANT SELECT ON SCHEMA::cdc TO [me];')),
    failed('dbo.B', sql('GRANT SELECT ON SCHEMA::cdc TO [me];\n')),
    failed('dbo.C', sql('EXEC sys.sp_cdc_enable_db;\nGO')),
  ];
  expect(script(...found)).toBe(
    [
      head,
      '',
      '-- sqlserver.grant: dbo.A: SELECT is missing',
      '-- sqlserver.grant: dbo.B: SELECT is missing',
      'GRANT SELECT ON SCHEMA::cdc TO [me];',
      'GO',
      '',
      '-- sqlserver.grant: dbo.C: SELECT is missing',
      'EXEC sys.sp_cdc_enable_db;',
      'GO',
      '',
    ].join('\n'),
  );
});

test('what T-SQL does not fix is a comment', () => {
  const advice = failed('db1', { kind: 'advice', text: 'open the firewall' });
  expect(script(advice)).toBe(
    `${head}\n-- Not fixed by this script: sqlserver.grant: db1: SELECT is missing; open the firewall\n-- Nothing to run.\n`,
  );
});

test('a name with a line end does not end its comment', () => {
  expect(script(failed('a\r\nDROP TABLE b;\u2028c', sql('SELECT 1;')))).toContain(
    '-- sqlserver.grant: a DROP TABLE b; c: SELECT is missing\n',
  );
});
