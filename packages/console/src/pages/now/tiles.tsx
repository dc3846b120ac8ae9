import type { VNode } from "preact";
import { hrefOf } from "../../app/routes.ts";
import { Text } from "../../parts/text.tsx";
import { countText, counted, latencyText } from "../../text/numbers.ts";
import { lastMinute, type Seen } from "./series.ts";

/** A wake that is later than this, in ms, means that deadlines are announced late. */
const late = 60_000;

/** The numbers that are looked at first. */
export function Tiles({ seen }: { readonly seen: Seen }): VNode {
  const minute = lastMinute(seen);
  const { lag } = seen;
  return (
    <>
      <Living live={seen.live} />
      <div class="tiles four">
        <Tile name="Opened" number={countText(minute.opened)} more="in the last minute" />
        <Tile name="Ended" number={countText(minute.ended)} more="in the last minute" />
        <Tile
          name="Latest wake"
          number={lag === undefined ? "–" : latencyText(Math.max(0, lag))}
          more={lag === undefined ? "nobody has looked yet" : lag > late ? "late: endings are told late" : "late, of those that are due"}
          warn={lag !== undefined && lag > late}
        />
        <Tile name="Listeners" number={countText(seen.listeners)} more="open event streams" />
      </div>
    </>
  );
}

function Living({ live }: { readonly live: Seen["live"] }): VNode {
  const known = live.flatMap(({ live: count }) => (count === undefined ? [] : [count]));
  const all = known.reduce((total, count) => total + count, 0);
  const kinds = live.toSorted((a, b) => (b.live ?? 0) - (a.live ?? 0) || a.kind.localeCompare(b.kind));
  return (
    <section class="living" aria-label="Live sessions">
      <div class="living-all">
        <span class="tile-name">Live sessions</span>
        <span class="living-number">{known.length === 0 && live.length > 0 ? "–" : countText(all)}</span>
        <span class="tile-more">{live.length === 0 ? "none yet" : known.length === 0 ? "this store cannot count" : `of ${counted(live.length, "kind")}`}</span>
      </div>
      <ul class="living-kinds">
        {kinds.map(({ kind, live: count }) => (
          <li key={kind}>
            <a href={hrefOf({ page: "sessions", search: { kind } })}>
              <span class="tile-name">
                <Text of={kind} />
              </span>
              <span class="tile-number">{count === undefined ? "–" : countText(count)}</span>
              <span class="bar" aria-hidden="true">
                <span style={{ width: `${all === 0 ? 0 : (100 * (count ?? 0)) / all}%` }} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface TileProps {
  readonly name: string;
  readonly number: string;
  readonly more: string;
  readonly warn?: boolean;
}

function Tile({ name, number, more, warn = false }: TileProps): VNode {
  return (
    <div class={warn ? "tile warn" : "tile"}>
      <span class="tile-name">{name}</span>
      <span class="tile-number">{number}</span>
      <span class="tile-more">{more}</span>
    </div>
  );
}
