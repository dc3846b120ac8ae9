import type { VNode } from "preact";
import { Moment as At } from "../../parts/moment.tsx";
import { Text } from "../../parts/text.tsx";
import { time } from "../../state/clock.ts";
import { lengthText } from "../../text/times.ts";
import { lifeOf, type Checkpoint, type Info, type Moment } from "./life.ts";

/** A session's life: as a line to scale, and in words. */
export function Timeline({ info, checkpoints }: { readonly info: Info; readonly checkpoints: readonly Checkpoint[] }): VNode {
  const { moments, passed } = lifeOf(info, checkpoints, time.value);
  return (
    <div class="timeline">
      <div class="lifeline" aria-hidden="true">
        <span class="lifeline-passed" style={{ width: `${passed * 100}%` }} />
        {moments.map(({ is, at, place, what }) => (
          <span key={`${is}${at}${what ?? ""}`} class={`lifeline-point ${is.replace(" ", "-")}`} style={{ left: `${place * 100}%` }} />
        ))}
      </div>
      <ol class="moments">
        {moments.map((moment, i) => (
          <li key={`${moment.is}${moment.at}${moment.what ?? ""}`} class={moment.is.replace(" ", "-")}>
            <span class="moment-what">{said(moment)}</span>
            <span class="moment-at">
              <At at={moment.at} />
              {moment.at - (moments[i - 1]?.at ?? moment.at) >= 1000 && (
                <span class="soft moment-after">{lengthText(moment.at - (moments[i - 1]?.at ?? 0))} later</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function said({ is, what = "", by }: Moment): VNode {
  switch (is) {
    case "began":
      return <>Began</>;
    case "logged in":
      return <>Logged in</>;
    case "seen":
      return <>Last seen</>;
    case "deadline":
      return <>Ends, if nothing happens until then</>;
    case "checkpoint":
      return (
        <>
          Checkpoint{" "}
          <b>
            <Text of={what} />
          </b>
        </>
      );
    case "ended":
      return (
        <>
          Ended:{" "}
          <b>
            <Text of={what} />
          </b>
          {by !== undefined && (
            <>
              {" "}
              by <Text of={by} />
            </>
          )}
        </>
      );
  }
}
