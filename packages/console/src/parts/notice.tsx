import type { ComponentChildren, VNode } from "preact";
import { Icon, type IconName } from "./icons.tsx";

const icons: Readonly<Record<string, IconName>> = { bad: "bad", warn: "bad", good: "good", plain: "yours" };

/** What a notice is made of. */
export interface NoticeProps {
  readonly tone: "bad" | "warn" | "good" | "plain";
  readonly children: ComponentChildren;
}

/** A line or two that must not be overlooked. Bad news are told at once to who hears the page. */
export function Notice({ tone, children }: NoticeProps): VNode {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icons[tone] ?? "yours"} />
      <div>{children}</div>
    </div>
  );
}

/** In place of what could not be had: why, and again. */
export function Failed({ problem, again }: { readonly problem: string; readonly again: () => Promise<void> }): VNode {
  return (
    <div class="notice bad" role="alert">
      <Icon name="bad" />
      <div class="grow">{problem}</div>
      <button type="button" onClick={() => void again()}>
        Try again
      </button>
    </div>
  );
}

/** Where nothing is: why, and what to try. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** While something is on its way. */
export function Loading({ what }: { readonly what: string }): VNode {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {what} …
    </p>
  );
}
