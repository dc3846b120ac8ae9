import type { Answer } from "@sojourn/client/operations";
import type { ServeSettings } from "../config.ts";
import type { Facts } from "./facts.ts";
import type { Mechanism } from "./mechanism.ts";

/** What was found of one requirement. */
export type Finding = Answer<"doctor">["findings"][number];

/** What a rule says. */
export type Judgement = Pick<Finding, "verdict" | "why" | "fix">;

/** What is judged. */
export interface Case {
  readonly settings: ServeSettings;
  readonly facts: Facts;
}

/** A requirement, and how it is judged. Pure: what it rests on is in the case. */
export interface Rule {
  /** Such as `ASVS 7.3.1`. */
  readonly id: string;
  readonly area: string;
  /** In our own words. */
  readonly requirement: string;
  judge(found: Case): Judgement;
}

/** It holds. @param why by what, in one sentence */
export function met(why: string): Judgement {
  return { verdict: "met", why };
}

/** It does not. @param fix what to do about it */
export function notMet(why: string, fix: string): Judgement {
  return { verdict: "not met", why, fix };
}

/** Nobody here can know, or say: it is the application's, or a matter of choice. */
export function yours(why: string, fix?: string): Judgement {
  return { verdict: "yours to decide", why, ...(fix !== undefined && { fix }) };
}

/** A rule that holds by what the library does, whatever the settings are: tried when it is asked for. @param by all have to hold */
export function mechanical(id: string, requirement: string, by: readonly [Mechanism, ...Mechanism[]], why: string): Omit<Rule, "area"> {
  return { id, requirement, judge: ({ facts }) => held(facts, by) ?? met(why) };
}

/** `undefined` when the mechanisms hold; else what is to be said. */
export function held({ mechanisms }: Facts, by: readonly Mechanism[]): Judgement | undefined {
  const failed = by.find((name) => !mechanisms[name]);
  if (failed === undefined) return undefined;
  return notMet(
    `"${failed}" was tried with the code that runs here, and does not hold.`,
    "This installation is damaged, or this release has a fault: install it anew (npm ci), and report it if that does not help.",
  );
}

/** A rule of the application's own, with what is there for it. */
export function application(id: string, requirement: string, why: string): Omit<Rule, "area"> {
  return { id, requirement, judge: () => yours(why) };
}

/** Gives rules their area. */
export function inArea(area: string, rules: readonly Omit<Rule, "area">[]): readonly Rule[] {
  return rules.map((rule) => ({ ...rule, area }));
}
