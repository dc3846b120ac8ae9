import { styled, type Style } from "../commands/output.ts";
import type { Finding } from "./rule.ts";

const marks: Readonly<Record<Finding["verdict"], readonly [mark: string, style: Style]>> = {
  met: ["met", "green"],
  "not met": ["NOT MET", "red"],
  "yours to decide": ["yours", "yellow"],
};

/** The findings for people, area by area, and a line that counts them. */
export function report(findings: readonly Finding[]): string {
  const areas = new Map<string, Finding[]>();
  for (const finding of findings) areas.set(finding.area, [...(areas.get(finding.area) ?? []), finding]);
  const told = [...areas].map(([area, found]) => [styled("bold", area), ...found.map(lines), ""].join("\n"));
  return [...told, summary(findings)].join("\n");
}

/** How many of each. */
export function summary(findings: readonly Finding[]): string {
  const count = (verdict: Finding["verdict"]): number => findings.filter((finding) => finding.verdict === verdict).length;
  return `${findings.length} requirements: ${count("met")} met, ${count("not met")} not met, ${count("yours to decide")} yours to decide.`;
}

function lines({ id, requirement, verdict, why, fix }: Finding): string {
  const [mark, style] = marks[verdict];
  const indent = " ".repeat(11);
  const rest = [styled("dim", requirement), why, ...(fix === undefined ? [] : [`Fix: ${fix}`])];
  return [`  ${styled(style, mark.padEnd(9))}${id}`, ...rest.map((text) => indent + text)].join("\n");
}
