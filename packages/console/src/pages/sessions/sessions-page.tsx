import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { hrefOf, type Search } from "../../app/routes.ts";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Notice } from "../../parts/notice.tsx";
import { Text } from "../../parts/text.tsx";
import { client } from "../../state/client.ts";
import { useLoaded } from "../../state/load.ts";
import { may } from "../../state/person.ts";
import { countText } from "../../text/numbers.ts";
import { EndEverything } from "./end-everything.tsx";
import { EndSubject, SelectionBar } from "./end-selected.tsx";
import { Finder } from "./finder.tsx";
import { Progress, SearchText } from "./progress.tsx";
import { resultsOf, type Results } from "./results.ts";
import { SessionTable } from "./session-table.tsx";

type Kinds = readonly { readonly kind: string; readonly live?: number | undefined }[];

/** Finds sessions, and ends them. */
export function SessionsPage({ search }: { readonly search: Search }): VNode {
  const everything = useSignal(false);
  const { value: kinds = [] } = useLoaded<Kinds>("kinds", async (signal) => (await client.now({}, { signal })).live);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Sessions</h1>
        {may("end everything") && (
          <button type="button" class="quiet danger-text" onClick={() => (everything.value = true)}>
            <Icon name="end" size={16} />
            End everything …
          </button>
        )}
      </header>
      <Finder search={search} kinds={kinds.map(({ kind }) => kind)} />
      <div id="found" tabIndex={-1}>
        <Found key={JSON.stringify(search)} search={search} kinds={kinds} />
      </div>
      {everything.value && <EndEverything onClose={() => (everything.value = false)} />}
    </div>
  );
}

function Found({ search, kinds }: { readonly search: Search; readonly kinds: Kinds }): VNode {
  if (Object.keys(search).length === 0) return <Start kinds={kinds} />;
  if (search.subject === undefined && search.kind === undefined)
    return (
      <Empty title="Of which kind, or whose?">
        <p>
          No index has addresses, devices or ages: a search reads the sessions of a kind or of a subject, one by one. Say which above
          {kinds.length > 0 ? ", or:" : "."}
        </p>
        <p class="choices">
          {kinds.map(({ kind }) => (
            <a key={kind} class="choice" href={hrefOf({ page: "sessions", search: { ...search, kind } })}>
              all of kind <Text of={kind} />
            </a>
          ))}
        </p>
      </Empty>
    );
  return <Listing search={search} kinds={kinds} />;
}

function Start({ kinds }: { readonly kinds: Kinds }): VNode {
  return (
    <Empty title={kinds.length === 0 ? "Find a session by its subject, its kind or its id." : "Find a session by its subject or id, or look at all of a kind:"}>
      <div class="tiles few">
        {kinds.map(({ kind, live }) => (
          <a key={kind} class="tile" href={hrefOf({ page: "sessions", search: { kind } })}>
            <span class="tile-name">
              <Text of={kind} />
            </span>
            <span class="tile-number">{live === undefined ? "–" : countText(live)}</span>
            <span class="tile-more">{live === undefined ? "not counted" : "live"}</span>
          </a>
        ))}
      </div>
    </Empty>
  );
}

function Listing({ search, kinds }: { readonly search: Search; readonly kinds: Kinds }): VNode {
  const round = useSignal(0);
  const results: Results = useMemo(() => resultsOf(search), [round.value]);
  useEffect(() => () => results.stop(), [results]);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const ending = useSignal(false);
  const { rows, running, more, problem } = results.standing.value;
  const { subject } = search;
  const total = kinds.find(({ kind }) => kind === search.kind)?.live;
  return (
    <section class="listing" aria-label="Found">
      <div class="listing-head">
        <SearchText search={search} />
        {rows.some(({ ended }) => ended !== undefined) && search.live === undefined && (
          <a class="chip" href={hrefOf({ page: "sessions", search: { ...search, live: "true" } })}>
            Only live ones
          </a>
        )}
        <button type="button" class="quiet" onClick={() => round.value++}>
          <Icon name="again" size={16} />
          Refresh
        </button>
        {subject !== undefined && may("end") && (
          <button type="button" class="quiet danger-text" onClick={() => (ending.value = true)}>
            <Icon name="end" size={16} />
            End all of this subject …
          </button>
        )}
      </div>
      {results.searches && <Progress standing={results.standing.value} total={subject === undefined ? total : undefined} onStop={() => results.stop()} />}
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      {may("end") && <SelectionBar selected={selected} results={results} />}
      {rows.length > 0 && <SessionTable rows={rows} caption="Sessions found" {...(may("end") && { selected })} />}
      {rows.length === 0 && !running && problem === undefined && <Nothing search={search} more={more} />}
      {!results.searches && (more || running) && problem === undefined && (
        <p class="more">
          <button type="button" aria-disabled={running} onClick={() => void results.more()}>
            {running ? "Loading …" : "More"}
          </button>
        </p>
      )}
      {!results.searches && rows.length > 0 && !more && <p class="soft small more">{countText(rows.length)} in all.</p>}
      {ending.value && subject !== undefined && (
        <EndSubject
          subject={subject}
          onClose={() => (ending.value = false)}
          onEnded={() => {
            selected.value = new Set();
            round.value++;
          }}
        />
      )}
    </section>
  );
}

function Nothing({ search, more }: { readonly search: Search; readonly more: boolean }): VNode | null {
  if (more) return null;
  return (
    <Empty title="There is none.">
      <p>
        {search.subject === undefined
          ? "Kinds are written as they were given, in upper and lower case. Ended sessions are kept for a day."
          : "Subjects have to be written in full, as the application gives them. A subject’s sessions that have ended are found by their kind or id, for a day."}
      </p>
      {search.subject !== undefined && search.kind === undefined && (
        <p>
          <a href={hrefOf({ page: "sessions", search: { kind: search.subject } })}>
            Look for the kind <Text of={search.subject} />
          </a>
        </p>
      )}
    </Empty>
  );
}
