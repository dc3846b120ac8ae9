import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, Mark, type IconName } from "../parts/icons.tsx";
import { Empty } from "../parts/notice.tsx";
import { route } from "../state/router.ts";
import { HealthPage } from "../pages/health/health-page.tsx";
import { NowPage } from "../pages/now/now-page.tsx";
import { SessionPage } from "../pages/session/session-page.tsx";
import { SessionsPage } from "../pages/sessions/sessions-page.tsx";
import { Account, EndsSoon } from "./account.tsx";
import { Help } from "./help.tsx";
import { onCommand } from "./keyboard.ts";
import { hrefOf, type Route } from "./routes.ts";

const places: readonly (readonly [route: Route, name: string, icon: IconName])[] = [
  [{ page: "now" }, "Now", "now"],
  [{ page: "sessions", search: {} }, "Sessions", "sessions"],
  [{ page: "health" }, "Health", "health"],
];

/** What is around every page. */
export function Shell(): VNode {
  const help = useSignal(false);
  const { page } = route.value;
  const main = useRef<HTMLElement>(null);
  const before = useRef(page);
  useEffect(() =>
    onCommand((command) => {
      if (command === "help") help.value = true;
    }),
  );
  useEffect(() => {
    document.title = `${titleOf(route.value)} · Sojourn`;
    // Who hears the page is told that it is another; not at the first one, which is read anyway.
    if (before.current !== page) main.current?.focus({ preventScroll: true });
    before.current = page;
  }, [page]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/console/now" aria-label="Sojourn">
          <Mark />
          <span class="brand-name">Sojourn</span>
        </a>
        <nav class="places" aria-label="Pages">
          {places.map(([to, name, icon]) => (
            <a key={name} href={hrefOf(to)} aria-current={isAt(page, to.page) ? "page" : undefined}>
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <Account onHelp={() => (help.value = true)} />
      </header>
      <EndsSoon />
      <main id="content" ref={main} tabIndex={-1}>
        <Page at={route.value} />
      </main>
      {help.value && <Help onClose={() => (help.value = false)} />}
    </div>
  );
}

function Page({ at }: { readonly at: Route }): VNode {
  switch (at.page) {
    case "now":
      return <NowPage />;
    case "sessions":
      return <SessionsPage search={at.search} />;
    case "session":
      return <SessionPage key={at.id} id={at.id} />;
    case "health":
      return <HealthPage />;
    case "unknown":
      return (
        <Empty title="There is no such page.">
          <p>
            Look at <a href="/console/now">Now</a>, or find a <a href="/console/sessions">session</a>.
          </p>
        </Empty>
      );
  }
}

function isAt(page: Route["page"], place: Route["page"]): boolean {
  return page === place || (page === "session" && place === "sessions");
}

function titleOf(at: Route): string {
  return { now: "Now", sessions: "Sessions", session: "Session", health: "Health", unknown: "No such page" }[at.page];
}
