/** A message on its way to a handset. */
export interface Outbound {
  /** Ours, unique; the same again when the same message is handed over again. What a receipt is matched by. At most 32 characters of [A-Za-z0-9_-]. */
  readonly reference: string;
  /** The number it is sent from, E.164 with "+", or a short code. */
  readonly from: string;
  /** The handset, E.164 with "+". */
  readonly to: string;
  /** Whole: the transport, or the network behind it, cuts it into parts. */
  readonly text: string;
}

/** A message, or one part of a long one, as the network gave it. */
export interface Inbound {
  /** The network's name for it, if it has one: what came before under the same name from the same handset is a duplicate. */
  readonly id?: string | undefined;
  /** As the network wrote it: "+358…", "358…", "0401…", a name. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** Of a long message whose parts the network did not join: 3GPP TS 23.040 9.2.3.24.1. */
  readonly part?: { readonly reference: number; readonly count: number; readonly index: number } | undefined;
  /** Epoch ms at which the network took it, if it says. */
  readonly at?: number | undefined;
}

/** What became of a message that was sent. */
export interface Receipt {
  /** {@link Outbound.reference}. */
  readonly reference: string;
  /** `accepted`: by the network; `buffered`: the handset is out of reach for now. The other two are final. */
  readonly state: "accepted" | "buffered" | "delivered" | "failed";
}

/** Who is told what comes in. What it was told is safe, and may be acknowledged to the network, when its promise has resolved; when it rejects, the network must send it again. */
export interface Receiver {
  message(message: Inbound): Promise<void>;
  receipt(receipt: Receipt): Promise<void>;
}

/** A way to the network. It keeps nothing of value: what was not handed over is handed over again, by any process. */
export interface Transport {
  /** Resolves when the network has taken the message, with what the network calls it, if it tells. @throws {TransportFailure} */
  send(message: Outbound): Promise<{ readonly id?: string | undefined }>;
  /** Gives whoever listens what comes in from now on. Called once. */
  receive(receiver: Receiver): void;
  close(): Promise<void>;
}

/** Why a message was not taken. Never carries the text, and of numbers only the ends. */
export class TransportFailure extends Error {
  override readonly name = "TransportFailure";
  /** Whether the same message may be taken later. */
  readonly temporary: boolean;
  /** ms after which to try again, if the network says. */
  readonly after: number | undefined;

  constructor(message: string, options: { readonly temporary: boolean; readonly after?: number | undefined; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.temporary = options.temporary;
    this.after = options.after;
  }
}
