import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { parseConnectionString } from './connection-string.ts';
import { defaultSourceName } from './sql-server-address.ts';

const full = {
  host: 'db1',
  port: 1433,
  instance: undefined,
  database: 'shop',
  login: { kind: 'password', user: 'sa', password: 'p@ss;word=1' },
  encrypt: true,
  trustServerCertificate: false,
  hostNameInCertificate: undefined,
  applicationName: undefined,
  connectTimeoutMs: 15_000,
  readOnlyIntent: false,
  multiSubnetFailover: false,
};

const rest = 'Database=shop;User Id=sa;Password=secret';

describe('a connection string', () => {
  test.each([
    ['the Server form', 'Server=db1;Database=shop;User Id=sa;Password="p@ss;word=1"'],
    [
      'synonyms, case and space',
      " data source = tcp:db1 ; INITIAL CATALOG=shop;uid=sa;PWD = 'p@ss;word=1' ;;",
    ],
    ['the URL form', 'sqlserver://sa:p%40ss%3Bword%3D1@db1?database=shop'],
    [
      'a URL with its login in parameters',
      'sqlserver://db1:1433/?database=shop&user+id=sa&password=p%40ss%3Bword%3D1',
    ],
  ])('is read in %s', (_, text) => {
    expect(parseConnectionString(text)).toEqual(full);
  });

  test.each([
    ['tcp:db1,1444', { host: 'db1', port: 1444, instance: undefined }],
    ['db1\\DEV', { host: 'db1', port: undefined, instance: 'DEV' }],
    ['tcp:db1,1444\\DEV', { host: 'db1', port: 1444, instance: 'DEV' }],
    ['db1\\DEV,1444', { host: 'db1', port: 1444, instance: 'DEV' }],
    ['db1\\MSSQLSERVER', { host: 'db1', port: 1433, instance: undefined }],
    ['(local)', { host: 'localhost', port: 1433, instance: undefined }],
    ['.', { host: 'localhost', port: 1433, instance: undefined }],
    ['[::1],1444', { host: '::1', port: 1444, instance: undefined }],
    ['fe80::1,1444', { host: 'fe80::1', port: 1444, instance: undefined }],
  ])('names the server %s', (server, expected) => {
    expect(parseConnectionString(`Server=${server};${rest}`)).toMatchObject(expected);
  });

  test('takes host, port and instance from a URL', () => {
    expect(parseConnectionString('sqlserver://u:p@db1:1444/DEV?database=shop')).toMatchObject({
      host: 'db1',
      port: 1444,
      instance: 'DEV',
    });
  });

  test.each([
    ['Encrypt=false', { encrypt: false }],
    ['Encrypt=Optional', { encrypt: false }],
    ['Encrypt=Mandatory', { encrypt: true }],
    ['Encrypt=Strict', { encrypt: 'strict' }],
    ['TrustServerCertificate=yes', { trustServerCertificate: true }],
    ['Trust Server Certificate=True', { trustServerCertificate: true }],
    ['Connect Timeout=3', { connectTimeoutMs: 3_000 }],
    ['Application Name=mine', { applicationName: 'mine' }],
    ['Application Intent=ReadWrite', { readOnlyIntent: false }],
    [
      'tlsmin=1.2;guid conversion=true;TransparentNetworkIPResolution=False;ServerCertificate=/a.pem;Failover Partner SPN=x',
      {},
    ],
    ['ApplicationIntent=ReadOnly', { readOnlyIntent: true }],
    ['Pooling=false;MultipleActiveResultSets=True;Persist Security Info=False', {}],
    ['Database=other', { database: 'other' }],
  ])('understands %s', (more, expected) => {
    expect(parseConnectionString(`Server=db1;${rest};${more}`)).toMatchObject(expected);
  });

  test.each([
    ['', /is empty/],
    [rest, /has no server; add Server=HOST/],
    ['Server=db1;Database=shop;User Id=sa', /has no password; add Password=/],
    ['Server=db1;User Id=sa;Password=secret', /has no database; add Database=NAME/],
    [`Server=db1;${rest};Colour=red`, /the keyword "Colour", which is not known/],
    [`Server=db1;${rest};Encrypt=maybe`, /"Encrypt" that is neither true nor false/],
    [`Server=db1,99999;${rest}`, /port/],
    [`Server=np:db1;${rest}`, /protocol "np"/],
    [`Server=db1;${rest};Integrated Security=SSPI`, /Windows authentication/],
    [
      `Server=db1;${rest};Authentication=Active Directory Interactive`,
      /Authentication that is not supported/,
    ],
    ['Server=db1;Password="secret', /opens a quote in the value of "Password"/],
    ['Server=db1;Password="sec"ret', /has text after the closing quote of "Password"/],
    ['Server=db1;secret', /has no "="/],
    [`Server=db1;${rest};ApplicationIntent=ReadOlny`, /neither ReadOnly nor ReadWrite/],
    [`Server=db1:1433;${rest}`, /colon .* write Server=HOST,1433$/],
    [`Server=tcp:db1:1433\\DEV;${rest}`, /colon/],
    [`Server=db1%5CDEV;${rest}`, /"%5C" .* Server=HOST\\INSTANCE$/],
    [`Server=db1/DEV;${rest}`, /"\/"/],
    ['sqlserver://sa:secret@db1%5CDEV?database=shop', /backslash .* sqlserver:\/\/HOST\/INSTANCE$/],
    ['sqlserver://sa:secret@db1\\DEV:1433?database=shop', /backslash/],
    ['sqlserver://sa:secret@db1,1433?database=shop', /comma .* write sqlserver:\/\/HOST:PORT$/],
    [
      'jdbc:sqlserver://db1:1433;databaseName=shop;user=sa;password=secret',
      /form of JDBC: write Server=HOST,PORT/,
    ],
    ['sqlserver://db1:1433;database=shop;user=sa;password=secret;encrypt=true', /form of Prisma/],
    ['Driver={ODBC Driver 18 for SQL Server};Server=db1;Uid=sa;Pwd={secret}', /form of ODBC/],
    ['DSN=shop;Uid=sa;Pwd=secret', /form of ODBC/],
    ['Provider=MSOLEDBSQL;Server=db1;Uid=sa;Pwd=secret', /form of OLE DB/],
    ['postgres://sa:secret@db1/shop', /begins with "postgres:\/\/"/],
    [`"Server=db1;${rest}"`, /is quoted as a whole; remove the outer quotes/],
    [`'Server=db1;${rest}'`, /is quoted as a whole; remove the outer quotes/],
    ['sqlserver://sa:se%cret@db1?database=shop', /"%"/],
    ['sqlserver://sa:secret@/?database=shop', /URL|host/],
  ])('%s is refused with what would be right', (text, message) => {
    const parse = () => parseConnectionString(text);
    expect(parse).toThrow(message);
    expect(parse).toThrow(DStreamError);
    expect(parse).not.toThrow(/se.?cret/);
  });

  test('a password may hold the marks of other forms', () => {
    const password = (text: string) => {
      const { login } = parseConnectionString(text);
      return login.kind === 'password' && login.password;
    };
    expect(password('sqlserver://sa:12;x=1@db1?database=shop')).toBe('12;x=1');
    expect(password('sqlserver://sa:p%5Cw@db1?database=shop')).toBe('p\\w');
    expect(password('sqlserver://db1?database=a&user+id=sa&password=p%5Cw,1')).toBe('p\\w,1');
    expect(password(`Server=db1;Database=shop;User Id=sa;Password="driver=a:b/c"`)).toBe('driver=a:b/c');
  });

  test('names the source by host, with its instance or unusual port', () => {
    const name = (server: string) => defaultSourceName(parseConnectionString(`Server=${server};${rest}`));
    expect(['DB1', 'db1,1433', 'db1,1444', 'DB1\\Dev', 'db1\\dev,1444'].map(name)).toEqual([
      'db1',
      'db1',
      'db1:1444',
      'db1\\dev',
      'db1\\dev',
    ]);
  });
});
