/** The client sent what the protocol or this server does not allow. The message is shown to the client. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
