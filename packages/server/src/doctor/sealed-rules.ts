import { application, inArea, mechanical, type Rule } from "./rule.ts";

/** Tokens that carry their session: ASVS V9, and the parts of V11 that concern them. sojournd gives out none; applications that use the library's may. */
export const sealedRules: readonly Rule[] = inArea("Self-contained tokens", [
  mechanical(
    "ASVS 9.1.1",
    "A token's MAC is checked before anything in it counts.",
    ["a sealed token is opened only as it was sealed"],
    "XAES-256-GCM: what was changed does not open.",
  ),
  mechanical(
    "ASVS 9.1.2",
    'Algorithms are on a list, which has no "none".',
    ["no token names its own algorithm or key"],
    "There is one, by the format's version; a token cannot name another.",
  ),
  mechanical(
    "ASVS 9.1.3",
    "Keys are the configured ones, whatever a token says.",
    ["no token names its own algorithm or key"],
    "Keys come from the keyring alone; jwk, jku and x5u are nobody's.",
  ),
  mechanical(
    "ASVS 9.2.1",
    "A token counts only within its time.",
    ["a sealed token is over when its time is"],
    "Its deadlines are inside, and judged at each read.",
  ),
  mechanical(
    "ASVS 9.2.2",
    "A token counts only for what it is.",
    ["a sealed token is good in one place, tenant and kind"],
    "The kind and the cookie's name are authenticated with it, and each purpose has a key of its own.",
  ),
  mechanical(
    "ASVS 9.2.3",
    "A service takes only tokens for itself.",
    ["a sealed token is good in one place, tenant and kind"],
    "The tenant is authenticated with it.",
  ),
  mechanical(
    "ASVS 9.2.4",
    "Of one key for several audiences, each token names its own.",
    ["a sealed token is good in one place, tenant and kind"],
    "One keyring for several tenants and kinds seals for each apart.",
  ),
  mechanical(
    "ASVS 7.4.1 sealed",
    "Self-contained tokens can be ended before their time.",
    ["an ended sealed session is over everywhere"],
    "With revocations a log-out holds for every copy, on every node.",
  ),
  mechanical(
    "ASVS 11.2.2",
    "Keys and algorithms can be exchanged.",
    ["keys are replaced while tokens live"],
    "The first key seals and all open; the format has a version.",
  ),
  mechanical(
    "ASVS 11.3.2",
    "Approved ciphers (11.3.3: that authenticate).",
    ["a sealed token is opened only as it was sealed", "a password is no key"],
    "AES-256-GCM under a derived key (XAES); keys are 32 random bytes, never passwords.",
  ),
  mechanical("ASVS 11.3.4", "No nonce is used twice under a key.", ["no token is sealed twice alike"], "192 random bits each time, and no way to give one."),
  mechanical(
    "ASVS 11.2.4",
    "Comparisons take equal time, and all failures look alike (11.2.5).",
    ["a changed token is nobody's", "a sealed token is opened only as it was sealed"],
    "Secrets are compared in constant time; whatever is wrong with a token, the answer is no session.",
  ),
  application("Decompression", "What is unfolded is bounded.", "Nothing is compressed unless fields are named for it; then what is unfolded is bounded."),
]);
