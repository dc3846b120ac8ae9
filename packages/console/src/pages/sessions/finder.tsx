import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { onCommand } from "../../app/keyboard.ts";
import type { Search } from "../../app/routes.ts";
import { Icon } from "../../parts/icons.tsx";
import { go } from "../../state/router.ts";
import { tell } from "../../state/toasts.ts";
import { inputMoment } from "../../text/times.ts";
import { understood } from "./smart.ts";

/** The one box, and the fields for who knows exactly. */
export function Finder({ search, kinds }: { readonly search: Search; readonly kinds: readonly string[] }): VNode {
  const text = useSignal("");
  const box = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(
    () =>
      onCommand((command) => {
        if (command === "search") box.current?.focus();
      }),
    [],
  );
  function find(): void {
    const found = understood(text.value, kinds);
    if (found === undefined) {
      box.current?.focus();
      return;
    }
    if (found.token === true)
      tell("That was a whole token. Its secret was left out: write ids only, and end this session if the token was seen by others.", "bad");
    text.value = "";
    go(found.route);
    // From here on j and k move in what was found.
    requestAnimationFrame(() => document.getElementById("found")?.focus({ preventScroll: true }));
  }
  return (
    <div class="finder">
      <form
        role="search"
        class="smart"
        onSubmit={(submit) => {
          submit.preventDefault();
          find();
        }}
      >
        <label class="unseen-text" for={id}>
          Find by subject, kind or id
        </label>
        <Icon name="search" />
        <input
          id={id}
          ref={box}
          type="search"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="A subject, a session’s id, or kind:web"
          value={text.value}
          onInput={(input) => (text.value = input.currentTarget.value)}
        />
        <kbd aria-hidden="true">/</kbd>
        <button type="submit" class="primary">
          Find
        </button>
      </form>
      <Exactly key={JSON.stringify(search)} search={search} kinds={kinds} />
    </div>
  );
}

function Exactly({ search, kinds }: { readonly search: Search; readonly kinds: readonly string[] }): VNode {
  const id = useId();
  const filtered =
    search.address !== undefined || search.agent !== undefined || search.after !== undefined || search.before !== undefined || search.live !== undefined;
  const field = (name: "subject" | "kind" | "address" | "agent", label: string, hint: string): VNode => (
    <div class="field">
      <label for={`${id}-${name}`}>{label}</label>
      <input
        id={`${id}-${name}`}
        name={name}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={200}
        placeholder={hint}
        defaultValue={search[name] ?? ""}
        {...(name === "kind" && { list: `${id}-kinds` })}
      />
    </div>
  );
  const moment = (name: "after" | "before", label: string): VNode => (
    <div class="field">
      <label for={`${id}-${name}`}>{label}</label>
      <input id={`${id}-${name}`} name={name} type="datetime-local" step="1" defaultValue={search[name] === undefined ? "" : inputMoment(search[name])} />
    </div>
  );
  return (
    <details class="exactly" open={filtered}>
      <summary>Search by address, device or age</summary>
      <form
        class="fields"
        onSubmit={(submit) => {
          submit.preventDefault();
          go({ page: "sessions", search: given(new FormData(submit.currentTarget)) });
        }}
      >
        {field("subject", "Subject", "whole")}
        {field("kind", "Kind", "such as web")}
        <datalist id={`${id}-kinds`}>
          {kinds.map((kind) => (
            <option key={kind} value={kind} />
          ))}
        </datalist>
        {field("address", "Address", "a part of it")}
        {field("agent", "Device", "a part of it")}
        {moment("after", "Began after")}
        {moment("before", "Began before")}
        <div class="field">
          <label for={`${id}-live`}>State</label>
          <select id={`${id}-live`} name="live">
            <option value="" selected={search.live === undefined}>
              any
            </option>
            <option value="true" selected={search.live === "true"}>
              live
            </option>
            <option value="false" selected={search.live === "false"}>
              ended
            </option>
          </select>
        </div>
        <div class="field end">
          <button type="submit">Search</button>
        </div>
      </form>
    </details>
  );
}

function given(form: FormData): Search {
  const text = (name: string): string | undefined => {
    const value = form.get(name);
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const moment = (name: string): number | undefined => {
    const at = Date.parse(text(name) ?? "");
    return Number.isFinite(at) ? at : undefined;
  };
  const live = text("live");
  const all = {
    subject: text("subject"),
    kind: text("kind"),
    address: text("address"),
    agent: text("agent"),
    after: moment("after"),
    before: moment("before"),
    live: live === "true" || live === "false" ? live : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
