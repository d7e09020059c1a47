/** CREATE, ALTER and DROP of logins, users and roles; GRANT, DENY and REVOKE. */
import type { Cursor } from './cursor.ts';
import type { Permission, PermissionStatement, PrincipalKind, PrincipalStatement } from './security-ast.ts';
import type { Lined } from './write-ast.ts';

type Principal = PrincipalStatement & Lined;

/** Undefined when what follows CREATE, ALTER or DROP is no principal. */
export function parsePrincipal(
  cursor: Cursor,
  action: PrincipalStatement['action'],
  line: number,
): Principal | undefined {
  const what = principalKind(cursor);
  if (what === undefined) return undefined;
  const ifExists = action === 'drop' && cursor.accept('IF', 'EXISTS');
  const base = { kind: 'principal', action, what, name: cursor.name(), ifExists, line } as const;
  if (action === 'drop') return base;
  if (what === 'login') return parseLogin(cursor, base);
  if (what === 'user') return { ...base, ...parseUser(cursor, base.name) };
  return parseRole(cursor, base);
}

function principalKind(cursor: Cursor): PrincipalKind | undefined {
  if (cursor.accept('SERVER', 'ROLE')) return 'server role';
  const word = cursor.acceptOne('LOGIN', 'USER', 'ROLE');
  return word === undefined ? undefined : (word.toLowerCase() as PrincipalKind);
}

function parseLogin(cursor: Cursor, base: Principal): Principal {
  const state = cursor.acceptOne('ENABLE', 'DISABLE');
  if (state !== undefined) return { ...base, enabled: state === 'ENABLE' };
  if (cursor.accept('FROM')) {
    if (!cursor.accept('EXTERNAL', 'PROVIDER')) cursor.expect('WINDOWS');
    return base;
  }
  cursor.expect('WITH');
  let password: string | undefined;
  cursor.separated(() => {
    const option = cursor.anyName().toUpperCase();
    cursor.expect('=');
    const { text } = cursor.next();
    if (option === 'PASSWORD') password = text;
    if (option === 'PASSWORD') while (cursor.acceptOne('MUST_CHANGE', 'UNLOCK') !== undefined);
  });
  return { ...base, ...(password !== undefined && { password }) };
}

/** Without FOR LOGIN the user is for the login of its own name. */
function parseUser(cursor: Cursor, name: string): { login?: string; external?: true } {
  if (cursor.accept('WITHOUT', 'LOGIN')) return {};
  if (cursor.accept('FROM', 'EXTERNAL', 'PROVIDER')) return { login: name, external: true };
  const isFor = cursor.accept('FOR', 'LOGIN') || cursor.accept('FROM', 'LOGIN');
  const login = isFor ? cursor.name() : name;
  if (cursor.accept('WITH')) {
    cursor.separated(() => {
      cursor.anyName();
      cursor.expect('=');
      cursor.next();
    });
  }
  return { login };
}

function parseRole(cursor: Cursor, base: Principal): Principal {
  if (base.action === 'create') {
    if (cursor.accept('AUTHORIZATION')) cursor.name();
    return base;
  }
  const op = cursor.acceptOne('ADD', 'DROP') ?? cursor.fail();
  cursor.expect('MEMBER');
  return { ...base, member: { add: op === 'ADD', name: cursor.name() } };
}

export function parsePermission(cursor: Cursor): PermissionStatement & Lined {
  const line = cursor.line;
  const word = cursor.next().upper;
  const action = word === 'GRANT' ? 'grant' : word === 'DENY' ? 'deny' : 'revoke';
  if (action === 'revoke') cursor.accept('GRANT', 'OPTION', 'FOR');
  const permissions = cursor.separated(() => parsePermissionName(cursor));
  const on = cursor.accept('ON') ? parseSecurable(cursor) : undefined;
  const columns = cursor.sees('(') ? cursor.list(() => cursor.name()) : [];
  if (!cursor.accept('TO')) cursor.expect('FROM');
  const grantees = cursor.separated(() => parseGrantee(cursor));
  cursor.accept('WITH', 'GRANT', 'OPTION');
  cursor.accept('CASCADE');
  return {
    kind: 'permission',
    action,
    permissions: columns.length === 0 ? permissions : permissions.map((one) => ({ ...one, columns })),
    ...(on !== undefined && { on }),
    grantees,
    line,
  };
}

const ENDS_NAME = [',', '(', 'ON', 'TO', 'FROM'];

function parsePermissionName(cursor: Cursor): Permission {
  const words: string[] = [];
  while (!ENDS_NAME.some((end) => cursor.sees(end))) {
    if (cursor.current.kind !== 'word') cursor.fail();
    words.push(cursor.next().upper);
  }
  if (words.length === 0) cursor.fail();
  return {
    name: words.join(' '),
    columns: cursor.sees('(') ? cursor.list(() => cursor.name()) : [],
  };
}

const CLASSES = ['OBJECT', 'SCHEMA', 'DATABASE', 'SERVER'] as const;

/** Without a class it is an object. */
function parseSecurable(cursor: Cursor): NonNullable<PermissionStatement['on']> {
  const found = CLASSES.find((name) => cursor.sees(name, '::'));
  if (found === undefined) return { class: 'object', name: cursor.dottedName() };
  cursor.expect(found, '::');
  return { class: found.toLowerCase() as Lowercase<typeof found>, name: cursor.dottedName() };
}

/** PUBLIC is a keyword and the name of a role. */
const parseGrantee = (cursor: Cursor): string => (cursor.accept('PUBLIC') ? 'public' : cursor.name());
