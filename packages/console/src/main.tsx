import { render } from "preact";
import { App } from "./app/app.tsx";
import { listenToKeys } from "./app/keyboard.ts";
import { findPerson } from "./state/person.ts";
import { followLinks } from "./state/router.ts";
import { applyTheme } from "./state/theme.ts";

applyTheme();
followLinks();
// What the provider’s refusal said was read; it is no address.
if (location.hash.startsWith("#/login")) history.replaceState(null, "", location.pathname + location.search);
listenToKeys();
const root = document.getElementById("root");
if (root !== null) {
  root.replaceChildren();
  render(<App />, root);
}
void findPerson();
