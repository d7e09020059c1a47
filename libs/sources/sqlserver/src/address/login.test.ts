import { DStreamError, type CredentialOf, type Identity } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { parseConnectionString } from './connection-string.ts';

const credentialOf: CredentialOf = () => ({ getToken: () => Promise.resolve(null) });

function identityOf(text: string): Identity | undefined {
  const { login } = parseConnectionString(text, credentialOf);
  return login.kind === 'token' ? login.identity : undefined;
}

const server = 'Server=db1;Database=shop';
const url = 'sqlserver://db1?database=shop';

describe('a login by Microsoft Entra ID', () => {
  test.each<[string, Identity]>([
    [`${server};Authentication=Active Directory Default`, { kind: 'default' }],
    [`${server};authentication="ActiveDirectoryDefault"`, { kind: 'default' }],
    [`${url}&fedauth=ActiveDirectoryDefault`, { kind: 'default' }],
    [`${url}&fedauth=activedirectoryenvironment`, { kind: 'environment' }],
    [`${url}&fedauth=ActiveDirectoryAzCli`, { kind: 'azure-cli' }],
    [`${server};Authentication=Active Directory Managed Identity`, { kind: 'managed' }],
    [`${server};Authentication=Active Directory MSI;User Id=c1`, { kind: 'managed', clientId: 'c1' }],
    [`sqlserver://c1@db1?database=shop&fedauth=ActiveDirectoryMSI`, { kind: 'managed', clientId: 'c1' }],
    [`${server};Authentication=Active Directory Workload Identity`, { kind: 'workload' }],
    [
      `${url}&fedauth=ActiveDirectoryWorkloadIdentity&user+id=c1%40t1`,
      { kind: 'workload', clientId: 'c1', tenantId: 't1' },
    ],
    [
      `${server};Authentication=Active Directory Service Principal;User Id=c1@t1;Password=s1`,
      { kind: 'service-principal', clientId: 'c1', tenantId: 't1', clientSecret: 's1' },
    ],
    [
      'sqlserver://c1%40t1:s1@db1?database=shop&fedauth=ActiveDirectoryApplication',
      { kind: 'service-principal', clientId: 'c1', tenantId: 't1', clientSecret: 's1' },
    ],
  ])('is read from %s', (text, identity) => {
    expect(identityOf(text)).toEqual(identity);
  });

  test.each([
    [
      'Authentication=Active Directory Default;User Id=sa',
      /has a user, which cannot be used with Active Directory Default; remove it/,
    ],
    [
      'Authentication=Active Directory Managed Identity;Password=x',
      /has a password, which cannot be used with a managed identity/,
    ],
    ['Authentication=Active Directory Service Principal;User Id=c1;Password=x', /CLIENT_ID@TENANT_ID/],
    ['Authentication=Active Directory Service Principal;User Id=c1@t1', /has no password; add Password=/],
    ['Authentication=Active Directory Interactive', /not supported: .*Managed Identity/],
    ['Authentication=Active Directory Password;User Id=a@b;Password=x', /not supported/],
    ['Authentication=Active Directory Default;Encrypt=false', /without encryption: remove Encrypt=false/],
  ])('with %s is refused with what would be right', (more, message) => {
    expect(() => identityOf(`${server};${more}`)).toThrow(message);
    expect(() => identityOf(`${server};${more}`)).toThrow(DStreamError);
  });

  test('is refused where nobody can sign in', () => {
    const text = `${server};Authentication=Active Directory Default`;
    expect(() => parseConnectionString(text)).toThrow(/Entra ID, which is not possible here/);
  });
});

test('Sql Password is a login by password', () => {
  const { login } = parseConnectionString(`${server};Authentication=Sql Password;User Id=sa;Password=x`);
  expect(login).toEqual({ kind: 'password', user: 'sa', password: 'x' });
});
