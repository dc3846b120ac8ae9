/** Something that sessions in a store do whatever the settings are, by the sentence that says it. */
export type StoredMechanism =
  | "tokens are long and random"
  | "stores hold no secret"
  | "a malformed token asks no store"
  | "an unknown token begins no session"
  | "a changed token is nobody's"
  | "a log-in replaces the token"
  | "secrets rotate, and a replaced one that shows itself ends the session"
  | "an ended session stays ended"
  | "idle sessions end"
  | "activity moves no absolute deadline"
  | "all sessions of a subject can be ended"
  | "everybody's sessions can be ended"
  | "somebody else's session is missing"
  | "limits hold"
  | "a proof of identity ages"
  | "values are data alone"
  | "a store that is down logs nobody in or out";

/** The same of sessions that travel sealed. */
export type SealedMechanism =
  | "a sealed token is opened only as it was sealed"
  | "no token names its own algorithm or key"
  | "a sealed token is over when its time is"
  | "a sealed token is good in one place, tenant and kind"
  | "keys are replaced while tokens live"
  | "a password is no key"
  | "no token is sealed twice alike"
  | "an ended sealed session is over everywhere";

/** The same of web adapters. */
export type WebMechanism =
  | "other sites' requests change nothing"
  | "no shared cache keeps an answer with a session"
  | "a token counts in its own place alone"
  | "cookies are read by their exact name"
  | "only a request that begins, changes or ends a session sets a cookie";

export type Mechanism = StoredMechanism | SealedMechanism | WebMechanism;

/** Tries whether one holds. What throws does not. */
export type Check = () => Promise<boolean>;
