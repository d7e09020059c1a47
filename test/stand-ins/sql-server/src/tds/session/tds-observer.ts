/** What the server tells whoever watches it: counters and logs are made from this. All are called synchronously. */

export interface ConnectionInfo {
  /** Counts up from 1 with every connection the server accepts. */
  readonly id: number;
}

export interface LoginInfo {
  readonly user: string;
  readonly database: string;
  readonly appName: string;
  readonly hostName: string;
  readonly encrypted: boolean;
}

export interface StatementInfo {
  /**
   * batch: a text without parameters; execute: a text with parameters (sp_executesql and prepared statements);
   * procedure: `text` is its name; transaction: `text` is `BEGIN`, `COMMIT`, `ROLLBACK` or `SAVE`.
   */
  readonly kind: 'batch' | 'execute' | 'procedure' | 'transaction';
  readonly text: string;
}

export interface TdsObserver {
  connected?(connection: ConnectionInfo): void;
  disconnected?(connection: ConnectionInfo): void;
  login?(connection: ConnectionInfo, login: LoginInfo, accepted: boolean): void;
  statement?(connection: ConnectionInfo, statement: StatementInfo): void;
  /** The client cancelled the running statement. */
  attention?(connection: ConnectionInfo): void;
  /** The engine threw what it should not throw, or the client broke the protocol. */
  failure?(connection: ConnectionInfo, error: unknown): void;
}
