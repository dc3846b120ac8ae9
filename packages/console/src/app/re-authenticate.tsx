import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { KeyField } from "../parts/key-field.tsx";
import { Notice } from "../parts/notice.tsx";
import { logIn, person } from "../state/person.ts";
import { proofWanted } from "../state/proof.ts";
import { visible } from "../text/visible.ts";
import { findWaysIn, providerPath, waysIn } from "../state/ways-in.ts";

/** Asks who is there, before an act that wants to know it anew. */
export function ReAuthenticate(): VNode | null {
  const wanted = proofWanted.value;
  return wanted === undefined || person.value === undefined ? null : <Asking given={wanted.given} refused={wanted.refused} />;
}

function Asking({ given, refused }: { readonly given: () => void; readonly refused: () => void }): VNode {
  const key = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const { keys, oidc } = waysIn.value;
  const fresh = person.value?.freshUntil ?? 0;
  const before = useRef(fresh).current;
  useEffect(() => void findWaysIn(), []);
  useEffect(() => {
    // It was proved in another window, to which the link to the provider led.
    if (fresh > before && fresh > Date.now() && !busy.value) given();
  }, [fresh]);
  async function go(): Promise<void> {
    if (busy.value) return;
    if (key.value.trim() === "") {
      problem.value = "Enter your key.";
      return;
    }
    busy.value = true;
    problem.value = undefined;
    try {
      await logIn(key.value.trim());
      given();
    } catch (error) {
      problem.value = visible(error instanceof Error ? error.message : String(error));
      busy.value = false;
    }
  }
  return (
    <Dialog title="Is it still you?" onClose={refused}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          void go();
        }}
      >
        <div class="dialog-body">
          <p>
            This needs a proof of who you are that is younger than five minutes. {keys && "Enter your key again"}
            {keys && oidc && ", or "}
            {oidc && "prove it to your provider, in another window"}; what you were doing then goes on.
          </p>
          {keys && <KeyField value={key} focus />}
          {oidc && (
            <a class="button wide" href={`${providerPath}?fresh=1`} target="_blank" rel="noopener">
              Prove it to your provider
            </a>
          )}
          {problem.value !== undefined && <Notice tone="bad">{problem.value}</Notice>}
        </div>
        <footer class="dialog-foot">
          <button type="button" onClick={refused}>
            Cancel
          </button>
          {keys && (
            <button type="submit" class="primary" aria-disabled={busy.value}>
              {busy.value ? "Checking …" : "Go on"}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
