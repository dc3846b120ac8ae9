import { createSessions, type SessionRecord, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { deadlineOf, expiryOf, type Fields, type Model, type Session } from "./model.ts";
import type { World } from "./world.ts";

/** Everything that can be seen, as lines of text: each request under way, each session that is kept. */
export type Audit = readonly string[];

const sorted = (fields: Fields): unknown => Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1));

/** Of the model. */
export function auditOfModel(model: Model): Audit {
  const { now } = model;
  const requests = [...model.requests].map(([slot, { view, refusal, token, pending }]) =>
    JSON.stringify({
      request: slot,
      session: view?.name,
      refusal,
      subject: view?.subject,
      version: view?.version ?? 0,
      created: view?.created,
      expiresAt: view && deadlineOf(view),
      methods: view?.auth?.methods ?? [],
      levels: Object.entries(view?.auth?.levels ?? {})
        .filter(([, until]) => until > now)
        .map(([level]) => level)
        .toSorted(),
      token,
      data: sorted(appOnly(Object.fromEntries(Object.entries({ ...view?.fields, ...pending }).filter(([, value]) => value !== undefined)))),
    }),
  );
  const sessions = [...model.sessions.values()].map((session) => lineOf(session, expiryOf(session, now)));
  const checkpoints = [...model.checkpoints.values()].map((one) => JSON.stringify({ ...one, fields: sorted(one.fields) }));
  return [...requests, ...sessions, ...checkpoints].toSorted();
}

/** Sessions in a model are replaced and never changed, so each is put into words once. */
const lines = new WeakMap<Session, Map<string | undefined, string>>();

function lineOf(session: Session, expiry: "idle" | "absolute" | undefined): string {
  const known = lines.get(session) ?? new Map<string | undefined, string>();
  lines.set(session, known);
  let line = known.get(expiry);
  if (line === undefined) {
    line = JSON.stringify({
      session: session.name,
      subject: session.subject,
      version: session.version,
      created: session.created,
      seen: session.seen,
      expiresAt: deadlineOf(session),
      authenticatedAt: session.auth?.at,
      methods: session.auth?.methods ?? [],
      ended: session.ended ?? (expiry && { at: deadlineOf(session), reason: expiry }),
      wake: session.wake,
      aliases: session.aliases.toSorted(),
      epoch: session.epoch,
      lease: session.lease,
      fields: sorted(session.fields),
    });
    known.set(expiry, line);
  }
  return line;
}

function appOnly(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("$")));
}

/** By what the store is told in their place. */
const aliasNames = new Map<string, string>();
for (const alias of ["a", "b", "c"]) {
  const store = memoryStore();
  const { id } = await createSessions({ store }).create({ aliases: [alias] });
  aliasNames.set(store.load(id!)!.aliases[0]!, alias);
}

/** Of the world, as an operator sees it who comes from outside and looks into the store itself. */
export function auditor(store: Store, world: World): () => Promise<Audit> {
  const sessions = createSessions({ store, clock: world.clock });
  const { names } = world;
  /** What was put into words before, and has no other version since. */
  const put = new Map<string, { readonly version: number; readonly ended: string | undefined; readonly line: string }>();
  /** The moment and the versions at which was looked last, and what was seen: most steps change none of it. */
  let looked = "";
  let kept: readonly string[] = [];

  async function look(records: readonly SessionRecord[]): Promise<readonly string[]> {
    const raw = new Map(records.map((record) => [record.id, record]));
    const { sessions: listed } = await sessions.page({ kind: "web" }, { limit: 1_000 });
    return listed.map((info) => {
      const known = put.get(info.id);
      if (known?.version === info.version && known.ended === info.ended?.reason) return known.line;
      const record = raw.get(info.id)!;
      const fields = Object.entries(record.fields).filter(([name]) => !name.startsWith("$") || name.startsWith("$flash."));
      const line = JSON.stringify({
        session: names.session(info.id),
        subject: info.subject,
        version: info.version,
        created: info.created,
        seen: info.seen,
        expiresAt: info.expiresAt,
        authenticatedAt: info.authenticatedAt,
        methods: info.methods,
        ended: info.ended,
        wake: record.wake,
        aliases: record.aliases.map((alias) => aliasNames.get(alias) ?? "an unknown alias").toSorted(),
        epoch: record.epoch,
        lease: record.fields["$lease"] === undefined ? undefined : (JSON.parse(record.fields["$lease"]) as unknown),
        fields: sorted(Object.fromEntries(fields.map(([name, text]) => [name, JSON.parse(text) as unknown]))),
      });
      put.set(info.id, { version: info.version, ended: info.ended?.reason, line });
      return line;
    });
  }

  async function checkpoints(): Promise<readonly string[]> {
    const { records } = await store.find({ kind: "main:$checkpoint" }, { limit: 1_000 });
    return records.map(({ subject, wake, fields: { $checkpoint, ...fields } }) => {
      const { name, at, session, version } = JSON.parse($checkpoint!) as { name: string; at: number; session: string; version: number };
      const owner = subject!.startsWith("main$subject:") ? `the subject ${subject!.slice(13)}` : names.session(subject!.slice(13));
      const texts = Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, JSON.parse(text) as unknown]));
      return JSON.stringify({ name, owner, at, until: wake, session: names.session(session), version, fields: sorted(texts) });
    });
  }

  return async () => {
    const requests = [...world.requests].map(([slot, { session }]) =>
      JSON.stringify({
        request: slot,
        session: session.id && names.session(session.id),
        refusal: session.refusal,
        subject: session.subject,
        version: session.version,
        created: session.created,
        expiresAt: session.expiresAt,
        methods: session.methods,
        levels: session.levels.toSorted(),
        token: session.token && names.secret(session.token),
        data: sorted(session.data),
      }),
    );
    const { records } = await store.find({ kind: "main:web" }, { limit: 1_000 });
    const now = world.clock.now();
    const state = `${now} ${records.map(({ id, version }) => `${id}${version}`).join()}`;
    if (state !== looked) kept = await look(records);
    looked = state;
    return [...requests, ...kept, ...(await checkpoints())].toSorted();
  };
}
