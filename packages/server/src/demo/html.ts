/** Markup that is safe to send. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | undefined | readonly Html[];

/** Markup from a template: every value is escaped, but what is markup already. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: texts.reduce((markup, text, index) => markup + (index === 0 ? "" : markupOf(parts[index - 1])) + text, "") };
}

function markupOf(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return String(part).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("\n");
}
