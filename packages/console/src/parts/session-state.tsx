import type { Answer } from "@sojourn/client";
import type { VNode } from "preact";
import { momentText } from "../text/times.ts";
import { Text } from "./text.tsx";

/** Live, or why it ended. */
export function SessionState({ of: { ended } }: { readonly of: Pick<Answer<"showSession">, "ended"> }): VNode {
  if (ended === undefined) return <span class="state good">live</span>;
  return (
    <span class={ended.reason === "reuse" || ended.reason === "revoked" ? "state bad" : "state plain"} title={momentText(ended.at)}>
      <Text of={ended.reason} />
    </span>
  );
}
