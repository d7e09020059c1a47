/**
 * The partition that the service's gateway gives to a partition key. Sources: `PartitionResolver` of the .NET client
 * (Azure.Messaging.EventHubs) and `partitionKeyToIdMapper` of @azure/event-hubs 6, which Microsoft keeps equal to the
 * service: Bob Jenkins' lookup3 (`hashlittle2`, public domain, both seeds 0) over the key's UTF-8 bytes; the lower 16
 * bits of the exclusive or of its two results, as a signed number, remainder by the count, without the sign.
 */

/** The partition's number, from 0. */
export function partitionOfKey(key: string, partitions: number): number {
  const state = hashed(Buffer.from(key, 'utf8'));
  const folded = new Int16Array([at(state, 2) ^ at(state, 1)]);
  return Math.abs(at(folded, 0) % partitions);
}

/** lookup3 keeps three 32-bit words: a, b, c. */
type State = Int32Array;

const at = (words: Int16Array | Int32Array, i: number): number => words[i] ?? 0;

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function hashed(key: Buffer): State {
  const state = new Int32Array(3).fill(0xdeadbeef + key.length);
  let rest = key;
  for (; rest.length > 12; rest = rest.subarray(12)) {
    add(state, rest);
    mix(state);
  }
  if (rest.length === 0) return state;
  add(state, Buffer.concat([rest], 12));
  finish(state);
  return state;
}

function add(state: State, block: Buffer): void {
  for (let i = 0; i < 3; i += 1) state[i] = at(state, i) + block.readInt32LE(4 * i);
}

/** Rounds of `mix`: the word that changes, the one that is taken off and rotated, the one added to it, the bits. */
const mixRounds = [
  [0, 2, 1, 4],
  [1, 0, 2, 6],
  [2, 1, 0, 8],
  [0, 2, 1, 16],
  [1, 0, 2, 19],
  [2, 1, 0, 4],
] as const;

function mix(state: State): void {
  for (const [changed, taken, other, bits] of mixRounds) {
    state[changed] = at(state, changed) - at(state, taken);
    state[changed] = at(state, changed) ^ rotate(at(state, taken), bits);
    state[taken] = at(state, taken) + at(state, other);
  }
}

/** Rounds of `final`: the word that changes, the one that changes it, the bits. */
const finalRounds = [
  [2, 1, 14],
  [0, 2, 11],
  [1, 0, 25],
  [2, 1, 16],
  [0, 2, 4],
  [1, 0, 14],
  [2, 1, 24],
] as const;

function finish(state: State): void {
  for (const [changed, by, bits] of finalRounds) {
    state[changed] = (at(state, changed) ^ at(state, by)) - rotate(at(state, by), bits);
  }
}
