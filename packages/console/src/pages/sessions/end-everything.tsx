import { useSignal } from "@preact/signals";
import { SojournProblem, type Message } from "@sojourn/client";
import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { person } from "../../state/person.ts";
import { GivenUp, asked, toldOf } from "../../state/proof.ts";
import { inputMoment } from "../../text/times.ts";
import { CourseText } from "./course-text.tsx";
import { stepped, type Course } from "./everything.ts";

type Told = Message<"revokeEverything">;

/** Ends everything that was issued before a moment: asked about twice, and told honestly. */
export function EndEverything({ onClose }: { readonly onClose: () => void }): VNode {
  const course = useSignal<Course>({ at: "asking" });
  const typed = useSignal("");
  const before = useSignal<number | undefined>(undefined);
  const wrong = useSignal(false);
  const listening = useRef(new AbortController());
  useEffect(() => () => listening.current.abort(), []);
  const tenant = person.value?.tenant ?? "";
  const nameId = useId();

  async function send(): Promise<void> {
    // What stands is gone on with: another moment would end what began since.
    const stands = course.value.at === "lost" ? course.value.issuedBefore : undefined;
    const issuedBefore = stands ?? before.value;
    course.value = stepped(course.value, { is: "sent" });
    const { signal } = listening.current;
    try {
      // The order is given with the first message; until then it may want a proof.
      const stream = await asked(async () => {
        const messages = client.revokeEverything({ ...(issuedBefore !== undefined && { issuedBefore }) }, { signal })[Symbol.asyncIterator]();
        return { first: await messages.next(), messages };
      });
      for (let next: IteratorResult<Told> = stream.first; next.done !== true; next = await stream.messages.next())
        course.value = stepped(course.value, { is: "told", message: next.value });
      course.value = stepped(course.value, { is: "lost", why: "The server closed the line before the end." });
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof GivenUp ? "The key was not given." : (toldOf(error) ?? "You were logged out.");
      const refused = error instanceof GivenUp || (error instanceof SojournProblem && error.status >= 400 && error.status < 500);
      course.value = stepped(course.value, { is: refused ? "refused" : "lost", why });
    }
  }

  const { at } = course.value;
  const lostStands = course.value.at === "lost" && course.value.issuedBefore !== undefined;
  const asking = at === "asking" || at === "refused";
  return (
    <Dialog title="End everything" danger onClose={onClose}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          if (!asking) return;
          wrong.value = typed.value !== tenant;
          if (!wrong.value) void send();
        }}
      >
        <div class="dialog-body">
          {asking ? (
            <>
              <p>
                Every session of the tenant{" "}
                <b>
                  <Text of={tenant} />
                </b>{" "}
                that was issued before the moment below ends: everybody is logged out, everywhere, in every application on this store. That cannot be undone.
                People at this console stay logged in.
              </p>
              <When before={before} />
              <div class="field">
                <label for={nameId}>
                  Type{" "}
                  <b class="mono">
                    <Text of={tenant} />
                  </b>{" "}
                  to confirm
                </label>
                <input
                  id={nameId}
                  autofocus
                  class="mono"
                  autocomplete="off"
                  autocapitalize="off"
                  spellcheck={false}
                  value={typed.value}
                  aria-invalid={wrong.value}
                  aria-describedby={wrong.value ? `${nameId}-wrong` : undefined}
                  onInput={(input) => {
                    typed.value = input.currentTarget.value;
                    wrong.value = false;
                  }}
                />
                {wrong.value && (
                  <p id={`${nameId}-wrong`} class="field-wrong" role="alert">
                    That is not the tenant’s name. Nothing was done.
                  </p>
                )}
              </div>
            </>
          ) : null}
          <CourseText of={course.value} />
        </div>
        <footer class="dialog-foot">
          <button type="button" onClick={onClose}>
            {asking ? "Cancel" : "Close"}
          </button>
          {asking && (
            <button type="submit" class="danger" aria-disabled={typed.value !== tenant}>
              End everything
            </button>
          )}
          {at === "lost" && (
            <button type="button" class="danger" onClick={() => void send()}>
              {lostStands ? "Go on ending them" : "Send the order again"}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

function When({ before }: { readonly before: { value: number | undefined } }): VNode {
  const id = useId();
  return (
    <fieldset class="when">
      <legend>Issued before</legend>
      <label class="check">
        <input type="radio" name="when" checked={before.value === undefined} onChange={() => (before.value = undefined)} />
        now: all there is
      </label>
      <label class="check">
        <input type="radio" name="when" checked={before.value !== undefined} onChange={() => (before.value = Date.now())} />
        <span>a moment:</span>
        <input
          id={id}
          type="datetime-local"
          step="1"
          aria-label="The moment, by this machine’s time zone"
          value={before.value === undefined ? "" : inputMoment(before.value)}
          max={inputMoment(Date.now())}
          onChange={(change) => {
            const at = Date.parse(change.currentTarget.value);
            before.value = Number.isFinite(at) ? at : undefined;
          }}
        />
      </label>
    </fieldset>
  );
}
