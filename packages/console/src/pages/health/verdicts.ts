import type { Answer } from "@sojourn/client";

/** One requirement, and how it is met. */
export type Finding = Answer<"doctor">["findings"][number];

/** The worst first: that is what has to be done. */
export const verdicts: readonly Finding["verdict"][] = ["not met", "yours to decide", "met"];

/** One verdict's findings, by area. */
export interface Group {
  readonly verdict: Finding["verdict"];
  readonly count: number;
  readonly areas: readonly (readonly [area: string, findings: readonly Finding[]])[];
}

/** Findings by verdict and area, of those that have the text somewhere, in whatever case. The order within an area is the doctor's. */
export function grouped(findings: readonly Finding[], text: string): readonly Group[] {
  const wanted = text.trim().toLowerCase();
  const found = findings.filter(({ id, area, requirement, why, fix = "" }) =>
    [id, area, requirement, why, fix].some((part) => part.toLowerCase().includes(wanted)),
  );
  return verdicts.flatMap((verdict) => {
    const of = found.filter((finding) => finding.verdict === verdict);
    const areas = new Map<string, Finding[]>();
    for (const finding of of) areas.set(finding.area, [...(areas.get(finding.area) ?? []), finding]);
    return of.length === 0 ? [] : [{ verdict, count: of.length, areas: [...areas] }];
  });
}
