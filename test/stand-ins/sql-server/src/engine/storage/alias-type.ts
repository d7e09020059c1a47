import type { SqlType } from '../interface/engine-session.ts';

/** CREATE TYPE … FROM: another name for a type, with a say in whether columns take NULL. */
export interface AliasType {
  /** sys.types.user_type_id: 257 and above. */
  readonly id: number;
  readonly name: string;
  readonly schema: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}
