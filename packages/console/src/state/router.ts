import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { hrefOf, routeOf, type Route } from "../app/routes.ts";

const address = signal({ path: location.pathname, query: location.search });

/** Where one is. */
export const route: ReadonlySignal<Route> = computed(() => routeOf(address.value.path, address.value.query));

/** Goes there. With `replace` the way back does not lead here again. */
export function go(to: Route, { replace = false }: { readonly replace?: boolean } = {}): void {
  const href = hrefOf(to);
  if (href === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", href);
  address.value = { path: location.pathname, query: location.search };
  if (!replace) scrollTo(0, 0);
}

/** Clicks on links of the console change the page and do not load it. Those with a key held down are the browser's. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    address.value = { path: location.pathname, query: location.search };
  });
  document.addEventListener("click", (click) => {
    if (click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    const link = click.target instanceof Element ? click.target.closest("a") : null;
    if (
      link === null ||
      link.origin !== location.origin ||
      link.target !== "" ||
      !link.pathname.startsWith("/console/") ||
      link.pathname.startsWith("/console/oidc/") ||
      link.hash !== ""
    )
      return;
    click.preventDefault();
    go(routeOf(link.pathname, link.search));
  });
}
