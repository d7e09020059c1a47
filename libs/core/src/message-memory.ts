/**
 * What a message takes in memory from when it is received until it is settled, in bytes: its body, its lines, the changes
 * that are parsed from them, and what an output makes of them. Measured as the resident memory of a processor whose
 * output is blocked, with changes of 1 KB that hold characters beyond Latin-1, which Node keeps as two bytes each: seven
 * times the bodies. The constant is what the client library keeps for a message.
 */
export function messageMemory(bodyBytes: number): number {
  return 7 * bodyBytes + 4_096;
}
