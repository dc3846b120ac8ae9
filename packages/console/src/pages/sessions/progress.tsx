import type { ComponentChildren, VNode } from "preact";
import { hrefOf, type Search } from "../../app/routes.ts";
import { Icon } from "../../parts/icons.tsx";
import { Text } from "../../parts/text.tsx";
import { countText } from "../../text/numbers.ts";
import { momentText } from "../../text/times.ts";
import { enough, type Standing } from "./results.ts";

/** How far a search is. */
export function Progress({ standing, total, onStop }: { readonly standing: Standing; readonly total: number | undefined; readonly onStop: () => void }): VNode {
  const { running, looked, rows, stopped } = standing;
  const told = `${countText(looked)} looked at, ${countText(rows.length)} found`;
  return (
    <div class="progress">
      <p role="status">
        {running
          ? `${told} …`
          : stopped === "enough"
            ? `The first ${countText(enough)} are shown. Narrow the search down.`
            : `${told}. ${stopped === undefined ? "That is all." : "It was stopped."}`}
      </p>
      {running && (
        <>
          {/* What is live is known, what has ended is not: the bar may have to forget what it promised. */}
          <progress aria-label="Searched" {...(total !== undefined && total > looked && { max: total, value: looked })} />
          <button type="button" onClick={onStop}>
            Stop
          </button>
        </>
      )}
    </div>
  );
}

const names: readonly (readonly [keyof Search, string])[] = [
  ["subject", "subject"],
  ["kind", "kind"],
  ["address", "address has"],
  ["agent", "device has"],
  ["after", "began after"],
  ["before", "began before"],
  ["live", "state"],
];

/** What is looked for; each part can be taken away. */
export function SearchText({ search }: { readonly search: Search }): VNode {
  return (
    <ul class="chips" aria-label="Looked for">
      {names.flatMap(([name, text]) => {
        const value = search[name];
        if (value === undefined) return [];
        const { [name]: _, ...rest } = search;
        return [
          <li key={name} class="chip">
            <span class="soft">{text}</span> <b>{shown(value)}</b>
            <a class="chip-off" href={hrefOf({ page: "sessions", search: rest })} aria-label={`Without ${text}`}>
              <Icon name="close" size={14} />
            </a>
          </li>,
        ];
      })}
    </ul>
  );
}

function shown(value: string | number): ComponentChildren {
  if (typeof value === "number") return momentText(value);
  if (value === "true") return "live";
  return value === "false" ? "ended" : <Text of={value} />;
}
