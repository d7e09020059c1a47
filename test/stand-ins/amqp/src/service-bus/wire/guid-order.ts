/**
 * A .NET GUID is written with its first three groups in little-endian order, an AMQP uuid in the order of its text.
 * Delivery tags carry lock tokens the one way, management requests the other.
 */
const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** From either order to the other. */
export function swapGuidOrder(bytes: Uint8Array): Buffer {
  return Buffer.from(order.map((index) => bytes[index] ?? 0));
}
