import { consolePath } from "./console-pages.ts";

/** Why a log-in at the provider led to no session here. These words are all that the console is told: nothing of it comes from the request. */
export type OidcReason = "denied" | "provider" | "unreachable" | "answer" | "state" | "expired" | "elsewhere" | "role" | "proof" | "person" | "busy";

/** What each means, for the log. */
export const oidcReasons: Readonly<Record<OidcReason, string>> = {
  denied: "the person, or the provider, said no",
  provider: "the provider answered with an error",
  unreachable: "the provider did not answer, or not as one does",
  answer: "the provider's answer does not hold",
  state: "this browser began no such log-in, or it came back from it before",
  expired: "it took longer than ten minutes",
  elsewhere: "another site led here",
  role: "the claims name no role here",
  proof: "the provider did not ask anew who that is, or does not say when it did",
  person: "it is somebody else than who sits there",
  busy: "there were too many tries from this address",
};

/** A log-in that came to nothing. */
export class OidcFailure extends Error {
  override readonly name = "OidcFailure";
  readonly why: OidcReason;
  /** Of a fault that is not the person's, so that an operator has to look. */
  readonly ours: boolean;

  /** @param said for the log: codes and names alone, nothing that was sent */
  constructor(why: OidcReason, said?: string, ours: boolean = false) {
    super(said === undefined ? oidcReasons[why] : `${oidcReasons[why]} (${said})`);
    this.why = why;
    this.ours = ours;
  }
}

/** Back to the console, with the reason for it to say. In the fragment, which no server and no log sees. */
export function backToConsole(why?: OidcReason): Response {
  const location = why === undefined ? `${consolePath}/` : `${consolePath}/#/login?why=${why}`;
  return new Response(null, { status: 303, headers: { Location: location, "Referrer-Policy": "no-referrer" } });
}
