import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { parseConnectionString } from '../address/connection-string.ts';
import { translateError } from '../client/sql-errors.ts';
import { judgeLoginError } from './check-login.ts';
import {
  judgeCdc,
  judgeCdcRights,
  judgeClock,
  judgeEncryption,
  judgeTier,
  judgeUpdateability,
  judgeVersion,
  judgeZone,
} from './judge-server.ts';
import type { ServerFacts } from './server-facts.ts';

const good: ServerFacts = {
  version: '16.0.4135.4',
  edition: 'Standard Edition (64-bit)',
  engine: 2,
  database: 'shop',
  cdcEnabled: true,
  readOnly: false,
  serviceObjective: undefined,
  user: 'reader',
  login: 'reader',
  minutesToUtc: 0,
  mayReadCdc: true,
};
const address = (more = '') =>
  parseConnectionString(`Server=db1.example.com;Database=shop;User Id=reader;Password=x;${more}`);
const advice = (text: string) => ({ kind: 'advice', text });

describe('a login', () => {
  const judged = (number: number, text = 'what the server said', more = '') => {
    const driver = Object.assign(new Error(text), { code: 'ELOGIN' });
    const scene = { place: 'db1', database: 'shop', who: { user: 'reader' }, loginNumbers: [number] };
    return judgeLoginError(translateError(driver, scene), address(more));
  };

  test('with a wrong password', () => {
    expect(judged(18456)).toEqual({
      outcome: 'failed',
      check: 'sqlserver.login',
      message:
        'SQL Server at db1 refused the login of "reader": check User Id and Password in the connection string (error 18456)',
      remedy: advice(
        'check User Id and Password; the error log of the server tells with 18456 why: state 8 is a wrong password, 7 a disabled login, 58 a server without SQL Server authentication',
      ),
    });
  });

  test('to a database that is not there', () => {
    expect(judged(4060)).toEqual({
      outcome: 'failed',
      check: 'sqlserver.database',
      message:
        'SQL Server at db1 has no database "shop" that "reader" can open (error 4060): it is offline or being restored, or Database in the connection string is wrong, or access is not granted',
      remedy: advice(
        'check that "shop" exists and is online; if the login has no user in it, run deploy/sql/user-of-login.sql there (Azure SQL Database: user-contained.sql)',
      ),
    });
  });

  test('from an address that the firewall of Azure SQL does not allow', () => {
    const text =
      "Cannot open server 'db1'. Client with IP address '203.0.113.7' is not allowed to access the server.";
    expect(judged(40615, text)).toEqual({
      outcome: 'failed',
      check: 'sqlserver.firewall',
      message: `SQL Server at db1 reports error 40615: ${text}`,
      remedy: {
        kind: 'command',
        text: [
          `GROUP=$(az sql server list --query "[?name=='db1'].resourceGroup" -o tsv)`,
          'az sql server firewall-rule create -g "$GROUP" --server db1 --name dstream --start-ip-address 203.0.113.7 --end-ip-address 203.0.113.7',
        ].join('\n'),
      },
    });
  });

  test.each([
    ['with a certificate that is not trusted', 'ConfigInvalid', '', 'sqlserver.certificate'],
    ['with an identity that was refused', 'Unauthorized', '', 'sqlserver.login'],
    ['that finds nobody', 'Unreachable', '', 'sqlserver.login'],
  ] as const)('%s', (_, code, more, check) => {
    expect(judgeLoginError(new DStreamError(code, 'why'), address(more))).toMatchObject({
      outcome: 'failed',
      check,
      message: 'why',
    });
  });

  test('to an instance whose port is not found', () => {
    const instance = parseConnectionString('Server=db1\\SALES;Database=shop;User Id=reader;Password=x');
    expect(judgeLoginError(new DStreamError('Unreachable', 'why'), instance)).toEqual({
      outcome: 'failed',
      check: 'sqlserver.browser',
      message: 'why',
      remedy: advice('start SQL Server Browser and open UDP 1434, or write the port: Server=HOST,PORT'),
    });
  });

  test('that failed for no known reason is left to the caller', () => {
    expect(judgeLoginError(new DStreamError('Unexpected', 'why'), address())).toBeUndefined();
  });
});

describe('encryption', () => {
  test('that is off is warned of', () => {
    expect(judgeEncryption(address('Encrypt=false'))).toEqual({
      outcome: 'warned',
      check: 'sqlserver.encryption',
      message: 'the connection to db1.example.com is not encrypted: login and data can be read in transit',
      remedy: advice(
        'remove Encrypt=false from the connection string; if the certificate is then not trusted, set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority',
      ),
    });
  });

  test('with a certificate that is not checked is warned of', () => {
    expect(judgeEncryption(address('TrustServerCertificate=true'))).toEqual({
      outcome: 'warned',
      check: 'sqlserver.encryption',
      message:
        'the connection is encrypted, but anyone on the network path can impersonate db1.example.com: its certificate is not checked',
      remedy: advice(
        'set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority, and remove TrustServerCertificate=true from the connection string',
      ),
    });
  });

  test.each(['', 'Encrypt=strict;TrustServerCertificate=true'])('with a trusted one passes: %s', (more) =>
    expect(judgeEncryption(address(more)).outcome).toBe('passed'),
  );
});

describe('the server', () => {
  test.each([
    ['Express Edition (64-bit)', 4],
    ['Web Edition (64-bit)', 2],
  ])('%s has no change data capture', (edition, engine) => {
    expect(judgeVersion({ ...good, edition, engine })).toEqual({
      outcome: 'failed',
      check: 'sqlserver.version',
      message: `SQL Server 16.0.4135.4, ${edition}: this edition has no change data capture`,
      remedy: advice('move the database to Standard, Enterprise or Developer edition, or to Azure SQL'),
    });
  });

  test.each(['13.0.1601.5', '12.0.6024.0'])('%s is too old', (version) => {
    expect(judgeVersion({ ...good, version })).toEqual({
      outcome: 'failed',
      check: 'sqlserver.version',
      message: `SQL Server ${version}, Standard Edition (64-bit): older than 2016 SP1 (13.0.4001)`,
      remedy: advice('upgrade the server to SQL Server 2016 SP1 or newer'),
    });
  });

  test.each(['13.0.4001.0', '14.0.1000.169'])('%s is new enough', (version) =>
    expect(judgeVersion({ ...good, version }).outcome).toBe('passed'),
  );

  test('Azure SQL Database in a tier without capture', () => {
    expect(judgeTier({ ...good, engine: 5, serviceObjective: 'S2' })).toEqual({
      outcome: 'failed',
      check: 'sqlserver.tier',
      message: 'the database "shop" has the service objective S2, in which capture does not run',
      remedy: {
        kind: 'command',
        text: "az sql db update --resource-group RESOURCE_GROUP --server SERVER --name 'shop' --service-objective S3",
      },
    });
    expect(judgeTier({ ...good, serviceObjective: 'GP_Gen5_2' })?.outcome).toBe('passed');
    expect(judgeTier(good)).toBeUndefined();
  });

  test('a database that is read-only, unless that is asked for', () => {
    const readOnly = { ...good, readOnly: true };
    expect(judgeUpdateability(readOnly, false)).toEqual({
      outcome: 'warned',
      check: 'sqlserver.database',
      message: 'the database "shop" is read-only here, so capture does not run in it',
      remedy: advice(
        'if it is a secondary replica, connect to the listener of the availability group, or write ApplicationIntent=ReadOnly to read from it on purpose; else SET READ_WRITE',
      ),
    });
    expect(judgeUpdateability(readOnly, true).outcome).toBe('passed');
  });

  test.each([
    [-5_000, 'behind'],
    [5_000, 'ahead of'],
  ])('a clock that is %i ms off', (aheadMs, way) => {
    expect(judgeClock({ aheadMs, errorMs: 10 })).toEqual({
      outcome: 'warned',
      check: 'sqlserver.clock',
      message: `the clock of the server is 5.0 s ${way} ours: latencies are wrong by as much`,
      remedy: advice('let both machines take their time from the same NTP servers'),
    });
  });

  test('a clock that may be right, as slowly as the server answers', () => {
    expect(judgeClock({ aheadMs: 2_500, errorMs: 600 })).toMatchObject({
      outcome: 'passed',
      message: 'the clock of the server is 2.5 s ahead of ours, to within 0.6 s',
    });
  });

  test('a zone of its own is told, not warned of', () => {
    expect(judgeZone({ ...good, minutesToUtc: -119 })).toMatchObject({
      outcome: 'passed',
      message: expect.stringContaining('UTC+2 hours'),
    });
  });
});

describe('a database', () => {
  test('without change data capture', () => {
    expect(judgeCdc({ ...good, database: 'my ]shop', cdcEnabled: false })).toEqual({
      outcome: 'failed',
      check: 'sqlserver.cdc-enabled',
      message: 'change data capture is not enabled on the database "my ]shop"',
      remedy: {
        kind: 'sql',
        text: [
          'USE [my ]]shop];',
          '-- By a member of sysadmin; on Azure SQL Database by db_owner.',
          'IF NOT EXISTS (SELECT 1 FROM sys.databases WHERE [name] = DB_NAME() AND [is_cdc_enabled] = 1)',
          '  EXEC sys.sp_cdc_enable_db;',
        ].join('\n'),
      },
    });
  });

  test('whose change tables may not be read', () => {
    expect(judgeCdcRights({ ...good, mayReadCdc: false })).toEqual({
      outcome: 'failed',
      check: 'sqlserver.cdc-rights',
      message: 'reader may not read the change tables: SELECT on the schema cdc is not granted',
      remedy: { kind: 'sql', text: 'USE [shop];\nGRANT SELECT ON SCHEMA::cdc TO [reader];' },
    });
  });
});
