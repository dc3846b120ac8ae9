import { SojournError, type Checkpoint, type CheckpointOwner, type Session } from "sojourn";
import { differenceOf } from "../checkpoint-difference.ts";
import type { Log } from "../log.ts";
import { Problem } from "../problem.ts";
import type { Fields } from "../views.ts";
import { lookAt, notLive } from "./look-at.ts";
import { ofTenant, type Api, type Ask, type Route, route } from "./route.ts";

/** Keeps a copy of a session's fields. */
export function createCheckpoint(api: Api): Route {
  return route("createCheckpoint", async (ask, { parameters: { id }, body: { name } }) => {
    const session = await lookAt(ofTenant(api, ask), id);
    return whileLive(() => session.checkpoint(name));
  });
}

/** Those that can be restored in a session. */
export function listCheckpoints(api: Api): Route {
  return route("listCheckpoints", async (ask, { parameters: { id } }) => {
    const sessions = ofTenant(api, ask);
    return { checkpoints: await sessions.checkpoints(ownerOf(await lookAt(sessions, id))) };
  });
}

/** What restoring one would change, by name. */
export function compareCheckpoint(api: Api): Route {
  return route("compareCheckpoint", async (ask, { parameters }) => {
    const { checkpoint, version, now, kept } = await compared(api, ask, parameters);
    return { checkpoint, version, fields: differenceOf(now, kept) };
  });
}

/** The same with the values. */
export function revealCheckpoint(api: Api, log: Log): Route {
  return route("revealCheckpoint", async (ask, { parameters }) => {
    const { checkpoint, version, now, kept } = await compared(api, ask, parameters);
    log.info("revealed", { by: ask.var.caller.name, session: parameters.id });
    // What is not there has no value, and so no place in JSON.
    return { checkpoint, version, fields: differenceOf(now, kept).map((field) => ({ ...field, now: now[field.name], kept: kept[field.name] })) };
  });
}

/** Gives a session the fields of one. */
export function restoreCheckpoint(api: Api): Route {
  return route("restoreCheckpoint", async (ask, { parameters: { id, name } }) => {
    const session = await lookAt(ofTenant(api, ask), id);
    await whileLive(() => session.restore(name));
    return { version: session.version };
  });
}

/** Takes one away. */
export function dropCheckpoint(api: Api): Route {
  return route("dropCheckpoint", async (ask, { parameters: { id, name } }) => {
    const sessions = ofTenant(api, ask);
    if (!(await sessions.dropCheckpoint(ownerOf(await lookAt(sessions, id)), name))) throw noCheckpoint();
    return undefined;
  });
}

interface Compared {
  readonly checkpoint: Checkpoint;
  readonly version: number;
  readonly now: Fields;
  readonly kept: Fields;
}

async function compared(api: Api, ask: Ask, { id, name }: { readonly id: string; readonly name: string }): Promise<Compared> {
  const sessions = ofTenant(api, ask);
  const session = await lookAt(sessions, id);
  const found = await sessions.readCheckpoint(ownerOf(session), name);
  if (found === undefined) throw noCheckpoint();
  const { data: kept, ...checkpoint } = found;
  return { checkpoint, version: session.version, now: session.data, kept };
}

/** Whose the checkpoints are that can be restored in it. */
function ownerOf({ id, subject }: Session<Fields>): CheckpointOwner {
  return subject === undefined ? { id: String(id) } : { subject };
}

/** It may have ended since it was looked at. */
async function whileLive<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SojournError && (error.code === "session_ended" || error.code === "session_missing")) throw notLive(error);
    throw error;
  }
}

function noCheckpoint(): Problem {
  return new Problem(
    404,
    "checkpoint_missing",
    "There is no checkpoint of this name that can be restored in the session. GET /v1/sessions/{id}/checkpoints lists them.",
  );
}
