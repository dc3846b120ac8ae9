import type { StartTag } from "./page-tags.ts";

/** A start tag whose attributes are changed in its own text: whatever is not changed stays as it was written. */
export interface TagEdits {
  /** Puts another value in the place of an attribute's, unless there is no such attribute or `value` gives none. */
  replace(name: string, value: (before: string) => string | undefined): void;
  /** An attribute that the tag does not have. */
  put(name: string, value: string): void;
  text(): string;
}

export function tagEdits({ tagName, attrs, sourceCodeLocation }: StartTag, raw: string): TagEdits {
  const changes: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  return {
    replace(name, value) {
      const place = sourceCodeLocation?.attrs?.[name];
      const before = attrs.find((attribute) => attribute.name === name);
      const start = sourceCodeLocation?.startOffset;
      if (place === undefined || before === undefined || start === undefined) return;
      const after = value(before.value);
      if (after === undefined || after === before.value) return;
      const from = place.startOffset - start;
      const to = place.endOffset - start;
      // Of an attribute whose value is missing the tokenizer tells the name only.
      const missing = raw.slice(from, to).includes("=") ? undefined : /^[\t\n\f\r ]*=/.exec(raw.slice(to));
      changes.push({ from, to: to + (missing?.[0].length ?? 0), text: written(name, after) });
    },
    put(name, value) {
      const from = 1 + tagName.length;
      changes.push({ from, to: from, text: ` ${written(name, value)}` });
    },
    text() {
      let text = raw;
      for (const change of changes.toSorted((a, b) => b.from - a.from)) text = text.slice(0, change.from) + change.text + text.slice(change.to);
      return text;
    },
  };
}

function written(name: string, value: string): string {
  return `${name}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`;
}
