import { useSignal } from "@preact/signals";
import { SojournProblem } from "@sojourn/client";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Mark } from "../../parts/icons.tsx";
import { KeyField } from "../../parts/key-field.tsx";
import { Notice } from "../../parts/notice.tsx";
import { logIn, whyNobody } from "../../state/person.ts";
import { visible } from "../../text/visible.ts";
import { findWaysIn, providerPath, waysIn } from "../../state/ways-in.ts";

/** Who is there? */
export function LogIn(): VNode {
  const key = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => void findWaysIn(), []);
  const { keys, oidc } = waysIn.value;
  async function go(): Promise<void> {
    if (busy.value) return;
    const given = key.value.trim();
    if (given === "") {
      problem.value = "Enter your key.";
      return;
    }
    busy.value = true;
    problem.value = undefined;
    try {
      await logIn(given);
    } catch (error) {
      problem.value = refusal(error);
      busy.value = false;
    }
  }
  return (
    <main class="log-in" id="content">
      <div class="log-in-card">
        <div class="log-in-head">
          <Mark size={40} />
          <h1>Sojourn console</h1>
        </div>
        {whyNobody.value !== undefined && problem.value === undefined && <Notice tone="plain">{whyNobody.value}</Notice>}
        {keys && (
          <form
            onSubmit={(submit) => {
              submit.preventDefault();
              void go();
            }}
          >
            <KeyField value={key} focus />
            {problem.value !== undefined && <Notice tone="bad">{problem.value}</Notice>}
            <button type="submit" class="primary wide" aria-disabled={busy.value}>
              {busy.value ? "Checking …" : "Log in"}
            </button>
          </form>
        )}
        {oidc && (
          <a class={keys ? "button wide" : "button primary wide"} href={providerPath}>
            Log in with your provider
          </a>
        )}
        {keys && (
          <p class="soft small">
            There is no default account. Whoever runs the server makes a key with
            <br />
            <code>sojournd keys new --role operator --name NAME</code>
          </p>
        )}
      </div>
    </main>
  );
}

function refusal(error: unknown): string {
  if (!(error instanceof SojournProblem)) return String(error);
  if (error.code === "invalid_key") return "This key is not one of this server's, or it was revoked.";
  if (error.code === "no_answer") return "The server was not reached. Look whether it runs, and at the network between.";
  return visible(error.message);
}
