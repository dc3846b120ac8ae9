import { useComputed, type Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { onCommand } from "../../app/keyboard.ts";
import { hrefOf } from "../../app/routes.ts";
import { Ago } from "../../parts/moment.tsx";
import { SessionState } from "../../parts/session-state.tsx";
import { Clipped, Text } from "../../parts/text.tsx";
import { deviceText } from "../../text/device.ts";
import type { SessionRow } from "./results.ts";

/** What the table is of. */
export interface SessionTableProps {
  readonly rows: readonly SessionRow[];
  /** Ids; absent where nothing can be selected. */
  readonly selected?: Signal<ReadonlySet<string>>;
  readonly caption: string;
}

/** Sessions, one a row; on a narrow screen one a card. */
export function SessionTable({ rows, selected, caption }: SessionTableProps): VNode {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(
    () =>
      onCommand((command) => {
        if (command === "next") moveFocus(body.current, 1);
        if (command === "previous") moveFocus(body.current, -1);
        const id = focused(body.current)?.dataset["id"];
        const row = command === "select" ? rows.find((each) => each.id === id) : undefined;
        if (row !== undefined && selected !== undefined) toggle(row, selected);
      }),
    [rows, selected],
  );
  // What was drawn of a row is handed back as it is: a search adds to a thousand of them ten times a second.
  const known = useRef(new WeakMap<SessionRow, VNode>()).current;
  function drawn(row: SessionRow): VNode {
    const vnode = known.get(row) ?? <Row key={row.id} row={row} {...(selected !== undefined && { selected })} />;
    known.set(row, vnode);
    return vnode;
  }
  const living = rows.filter(({ ended }) => ended === undefined);
  const all = selected !== undefined && living.length > 0 && living.every(({ id }) => selected.value.has(id));
  return (
    <div class="table-room" role="region" aria-label={caption} tabIndex={0}>
      <table class="cards">
        <caption class="unseen-text">{caption}</caption>
        <thead>
          <tr>
            {selected !== undefined && (
              <th scope="col" class="tick">
                <input
                  type="checkbox"
                  aria-label="Select all live ones shown"
                  checked={all}
                  disabled={living.length === 0}
                  onChange={() => (selected.value = new Set(all ? [] : living.map(({ id }) => id)))}
                />
              </th>
            )}
            {["Session", "Kind", "Subject", "Began", "Seen", "Address", "Device", "State"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>{rows.map(drawn)}</tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: SessionRow;
  readonly selected?: Signal<ReadonlySet<string>>;
}

function Row({ row, selected }: RowProps): VNode {
  const { id, kind, subject, created, seen, address, agent, ended } = row;
  const ticked = useComputed(() => selected?.value.has(id) ?? false).value;
  return (
    <tr class={ended === undefined ? (ticked ? "ticked" : "") : "over"} data-id={id}>
      {selected !== undefined && (
        <td class="tick">
          <input type="checkbox" aria-label={`Select ${id}`} checked={ticked} disabled={ended !== undefined} onChange={() => toggle(row, selected)} />
        </td>
      )}
      <td data-name="Session">
        <a class="mono id" href={hrefOf({ page: "session", id })}>
          {id}
        </a>
      </td>
      <td data-name="Kind">
        <Text of={kind} />
      </td>
      <td data-name="Subject">{subject === undefined ? <span class="soft">nobody</span> : <Clipped of={subject} />}</td>
      <td data-name="Began" class="nowrap">
        <Ago at={created} />
      </td>
      <td data-name="Seen" class="nowrap">
        <Ago at={seen} />
      </td>
      <td data-name="Address">{address === undefined ? <span class="soft">–</span> : <Clipped of={address} />}</td>
      <td data-name="Device">{agent === undefined ? <span class="soft">–</span> : <Clipped of={deviceText(agent)} whole={agent} />}</td>
      <td data-name="State" class="nowrap">
        <SessionState of={row} />
      </td>
    </tr>
  );
}

function toggle({ id, ended }: SessionRow, selected: Signal<ReadonlySet<string>>): void {
  if (ended !== undefined) return;
  const next = new Set(selected.value);
  if (!next.delete(id)) next.add(id);
  selected.value = next;
}

/** The row in which the focus is. */
function focused(body: HTMLElement | null): HTMLTableRowElement | undefined {
  const row = document.activeElement?.closest("tr");
  return row instanceof HTMLTableRowElement && body?.contains(row) === true ? row : undefined;
}

/** j and k move the focus itself, so Enter opens what it is on. */
function moveFocus(body: HTMLElement | null, by: number): void {
  const rows = [...(body?.querySelectorAll("tr") ?? [])];
  const now = focused(body);
  const at = now === undefined ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, rows.indexOf(now) + by));
  const link = rows[at]?.querySelector("a");
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
}
