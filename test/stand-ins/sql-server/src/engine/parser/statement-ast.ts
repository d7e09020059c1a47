/** The syntax tree of the statements of a batch. They carry the line they begin on. */
import type { SqlType } from '../interface/engine-session.ts';
import type { AssignOperator, Expression, Name, Query } from './ast.ts';
import type { ExecuteStatement } from './execute-ast.ts';
import type { PermissionStatement, PrincipalStatement } from './security-ast.ts';
import type { AlterAction, TableDefinition } from './table-ast.ts';
import type {
  DeleteStatement,
  InsertStatement,
  Lined,
  MergeStatement,
  UpdateStatement,
} from './write-ast.ts';

export type Statement = Lined &
  (
    | { readonly kind: 'query'; readonly query: Query }
    | InsertStatement
    | UpdateStatement
    | DeleteStatement
    | MergeStatement
    | {
        readonly kind: 'declare';
        readonly name: string;
        readonly type: SqlType;
        readonly initial?: Expression;
      }
    | { readonly kind: 'declareTable'; readonly name: string; readonly table: TableDefinition }
    | { readonly kind: 'set'; readonly name: string; readonly op: AssignOperator; readonly value: Expression }
    | { readonly kind: 'setOption'; readonly options: readonly string[]; readonly value: string }
    | { readonly kind: 'setIdentityInsert'; readonly table: Name; readonly on: boolean }
    | { readonly kind: 'setIsolation'; readonly level: string }
    | {
        readonly kind: 'if';
        readonly condition: Expression;
        readonly body: Statement;
        readonly otherwise?: Statement;
      }
    | { readonly kind: 'while'; readonly condition: Expression; readonly body: Statement }
    | { readonly kind: 'block'; readonly statements: readonly Statement[] }
    | { readonly kind: 'break' | 'continue' }
    | { readonly kind: 'return'; readonly value?: Expression }
    | { readonly kind: 'print'; readonly value: Expression }
    | {
        readonly kind: 'raiserror';
        readonly args: readonly Expression[];
        readonly options: readonly string[];
      }
    | { readonly kind: 'throw'; readonly args: readonly Expression[] }
    | { readonly kind: 'try'; readonly body: Statement; readonly handler: Statement }
    | { readonly kind: 'waitfor'; readonly delay: Expression }
    | ExecuteStatement
    | { readonly kind: 'use'; readonly database: string }
    | { readonly kind: 'begin' | 'commit' | 'rollback' | 'save'; readonly name: string }
    | { readonly kind: 'createDatabase'; readonly name: string; readonly collation?: string }
    | { readonly kind: 'createSchema'; readonly name: string }
    | { readonly kind: 'dropDatabase'; readonly names: readonly string[]; readonly ifExists: boolean }
    | { readonly kind: 'dropSchema'; readonly names: readonly string[]; readonly ifExists: boolean }
    | { readonly kind: 'alterDatabase'; readonly name: string; readonly option: string }
    | { readonly kind: 'createTable'; readonly name: Name; readonly table: TableDefinition }
    | { readonly kind: 'dropTable'; readonly names: readonly Name[]; readonly ifExists: boolean }
    | { readonly kind: 'alterTable'; readonly name: Name; readonly action: AlterAction }
    | {
        readonly kind: 'createIndex';
        readonly name: string;
        readonly table: Name;
        readonly columns: readonly string[];
        readonly unique: boolean;
        readonly clustered: boolean;
      }
    | { readonly kind: 'dropIndex'; readonly name: string; readonly table: Name; readonly ifExists: boolean }
    | {
        readonly kind: 'createType';
        readonly name: Name;
        readonly type: SqlType;
        readonly nullable: boolean;
      }
    | { readonly kind: 'dropType'; readonly name: Name; readonly ifExists: boolean }
    | { readonly kind: 'truncate'; readonly table: Name }
    | PrincipalStatement
    | PermissionStatement
  );
