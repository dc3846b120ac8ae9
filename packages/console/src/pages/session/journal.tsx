import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { Text } from "../../parts/text.tsx";
import { Empty } from "../../parts/notice.tsx";
import { momentText } from "../../text/times.ts";

type Line = NonNullable<Answer<"revealSession">["journal"]>[number];

/** A dialogue, as its person saw it. */
export function Journal({ lines }: { readonly lines: readonly Line[] }): VNode {
  if (lines.length === 0) return <Empty title="Nothing was said yet." />;
  return (
    <ol class="journal">
      {lines.map(({ from, text, at }, i) => (
        <li key={i} class={`said ${from}`}>
          <span class="said-by">
            {from === "person" ? "Person" : "Service"}
            {at !== undefined && <time dateTime={new Date(at).toISOString()}>{momentText(at)}</time>}
          </span>
          <span class="bubble">{text === undefined ? <i class="soft">What was said here is not kept.</i> : <Text of={text} lines />}</span>
        </li>
      ))}
    </ol>
  );
}
