import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { counted } from "../text/numbers.ts";
import { Text } from "./text.tsx";

/** How many are shown at once. */
const many = 100;
const long = 1000;

/** A JSON value to be read: what is inside opens and closes. */
export function JsonTree({ value, name, depth = 0 }: { readonly value: unknown; readonly name?: string; readonly depth?: number }): VNode {
  const label =
    name === undefined ? null : (
      <span class="json-key">
        <Text of={name} />:{" "}
      </span>
    );
  if (typeof value !== "object" || value === null)
    return (
      <div class="json-leaf">
        {label}
        <Scalar value={value} />
      </div>
    );
  const items = Object.entries(value);
  const size = Array.isArray(value) ? counted(items.length, "item") : counted(items.length, "field");
  if (items.length === 0)
    return (
      <div class="json-leaf">
        {label}
        <span class="soft">{Array.isArray(value) ? "[ ]" : "{ }"}</span>
      </div>
    );
  return (
    <details class="json-node" open={depth < 2 && items.length <= 20}>
      <summary>
        {label}
        <span class="soft">{size}</span>
      </summary>
      <Items items={items} depth={depth + 1} />
    </details>
  );
}

function Items({ items, depth }: { readonly items: readonly (readonly [string, unknown])[]; readonly depth: number }): VNode {
  const shown = useSignal(many);
  return (
    <div class="json-items">
      {items.slice(0, shown.value).map(([key, value]) => (
        <JsonTree key={key} name={key} value={value} depth={depth} />
      ))}
      {items.length > shown.value && (
        <button type="button" class="quiet" onClick={() => (shown.value += many)}>
          {counted(items.length - shown.value, "more", "more")}
        </button>
      )}
    </div>
  );
}

/** A text, number, boolean or null. */
export function Scalar({ value }: { readonly value: unknown }): VNode {
  const whole = useSignal(false);
  if (typeof value !== "string") return <span class="json-other">{String(value)}</span>;
  const cut = value.length > long && !whole.value;
  return (
    <span class="json-text">
      "<Text of={cut ? value.slice(0, long) : value} />"
      {cut && (
        <button type="button" class="quiet" onClick={() => (whole.value = true)}>
          {counted(value.length - long, "character")} more
        </button>
      )}
    </span>
  );
}
