import type { RheaReceiver, RheaSender } from './rhea-internals.ts';

/** What the server does for one link. `closed` is called once: by a detach, by the end of the session or connection. */
export interface LinkHandler {
  closed(): void;
}

/** Called when a client attaches. A handler is undefined when the link was refused. */
export interface AmqpRoutes {
  /** The client sends, the server receives. */
  clientSends(link: RheaReceiver): LinkHandler | undefined;
  /** The client receives, the server sends. */
  clientReceives(link: RheaSender): LinkHandler | undefined;
}
