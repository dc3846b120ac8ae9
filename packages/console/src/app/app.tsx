import type { VNode } from "preact";
import { LogIn } from "../pages/log-in/log-in.tsx";
import { Toasts } from "../parts/toasts.tsx";
import { person, unknown } from "../state/person.ts";
import { ReAuthenticate } from "./re-authenticate.tsx";
import { Shell } from "./shell.tsx";

/** The console: for nobody the way in, for somebody everything. */
export function App(): VNode {
  return (
    <>
      {person.value !== undefined ? (
        <Shell />
      ) : unknown.value ? (
        <p class="splash" role="status">
          Sojourn
        </p>
      ) : (
        <LogIn />
      )}
      <ReAuthenticate />
      <Toasts />
    </>
  );
}
