import type { RheaSession } from './rhea-internals.ts';

/** Not a format of any message: it stands for format 0 so that rhea hands over bytes instead of decoding them. */
export const rawFormat = 0x7fff_fffe;

/** Makes a session hand over the bytes of every message: rhea decodes format 0 and forgets how it was encoded. */
export function keepTransfersRaw(session: RheaSession): void {
  const onTransfer = session.on_transfer.bind(session);
  session.on_transfer = (frame) => {
    const { performative } = frame;
    if ((performative.message_format ?? 0) === 0) performative.message_format = rawFormat;
    onTransfer(frame);
  };
}
