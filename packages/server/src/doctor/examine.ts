import type { ServeSettings } from "../config.ts";
import type { Facts } from "./facts.ts";
import { lifeRules } from "./life-rules.ts";
import { nistRules } from "./nist-rules.ts";
import type { Finding, Rule } from "./rule.ts";
import { sealedRules } from "./sealed-rules.ts";
import { serverRules } from "./server-rules.ts";
import { webRules } from "./web-rules.ts";

/** All that is judged, in the order in which it is told. */
export const rules: readonly Rule[] = [...lifeRules, ...webRules, ...nistRules, ...sealedRules, ...serverRules];

/**
 * Judges a server by OWASP ASVS 5.0 (V7, V3.3, V9 and what else concerns sessions), the OWASP cheat sheet on sessions, and NIST SP 800-63B-4. Pure: the same settings and facts
 * give the same findings.
 */
export function examine(settings: ServeSettings, facts: Facts): readonly Finding[] {
  return rules.map(({ judge, id, area, requirement }) => ({ id, area, requirement, ...judge({ settings, facts }) }));
}
