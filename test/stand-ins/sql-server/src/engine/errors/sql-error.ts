/** An error of the T-SQL engine. The engine adds line and procedure and sends it as a message. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly number: number;
  /** 11–16 the user's mistake, 17–19 the server's resources, 20 and above ends the connection. */
  readonly severity: number;
  readonly state: number;

  constructor(number: number, message: string, severity = 16, state = 1) {
    super(message);
    this.number = number;
    this.severity = severity;
    this.state = state;
  }
}

/** Severity 16, state 1 unless told: an ordinary mistake of the user. */
export const sqlError = (number: number, message: string, severity?: number, state?: number): SqlError =>
  new SqlError(number, message, severity, state);
