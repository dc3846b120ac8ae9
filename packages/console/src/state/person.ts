import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { SojournProblem, type Answer, type Role } from "@sojourn/client";
import { client } from "./client.ts";
import { keep, kept } from "./kept.ts";
import { mayRole, type Power } from "./may.ts";
import { providerRefusal } from "./provider-refusal.ts";
import { whyOut } from "./why-out.ts";

/** Who sits here, as the server says. */
export type Person = Answer<"showConsole">;

const seated = signal<Person | undefined>(undefined);
const asking = signal(kept("seated") !== undefined);
const outBecause = signal<string | undefined>(providerRefusal(location.hash));
let lastAct = Date.now();
/** Of the session as it was when it was last told: what a request gives it. */
let idle = 15 * 60_000;

/** Who sits here; nobody when undefined. */
export const person: ReadonlySignal<Person | undefined> = seated;
/** Whether it is not known yet, and somebody sat here the last time. */
export const unknown: ReadonlySignal<boolean> = asking;
/** Why nobody does, if somebody did. */
export const whyNobody: ReadonlySignal<string | undefined> = outBecause;
/** Their role. */
export const role: ReadonlySignal<Role | undefined> = computed(() => seated.value?.role);

/** Whether they may: what they may not is not offered. */
export function may(power: Power): boolean {
  return mayRole(role.value, power);
}

// Windows of one browser share one session: what one hears of it, all have to know.
const windows = new BroadcastChannel("sojourn.console");
windows.addEventListener("message", ({ data }: MessageEvent<Person | "out">) => {
  if (data === "out") leave("You logged out in another window.");
  else if (seated.value !== undefined || outBecause.value !== undefined) sit(data);
});

function tellWindows(what: Person | "out"): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin only
  windows.postMessage(what);
}

function sit(who: Person): void {
  lastAct = Date.now();
  if (seated.value === undefined || who.expiresAt > seated.value.expiresAt) idle = Math.max(60_000, who.expiresAt - lastAct);
  seated.value = who;
  asking.value = false;
  outBecause.value = undefined;
  keep("seated", "yes");
}

function leave(why: string | undefined): void {
  seated.value = undefined;
  asking.value = false;
  outBecause.value = why;
  keep("seated", undefined);
}

/** Finds out who sits here. It counts as activity. Without an answer nothing changes, but at the beginning. */
export async function findPerson(): Promise<void> {
  try {
    const who = await client.showConsole();
    sit(who);
    tellWindows(who);
  } catch (error) {
    if (isOut(error)) thrownOut();
    else if (asking.value) leave(`The server was not reached: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Logs in, or proves again who one is.
 * @throws {SojournProblem} when the key is refused
 */
export async function logIn(key: string): Promise<void> {
  const who = await client.openConsole({ key });
  sit(who);
  tellWindows(who);
}

/** Logs out. The server is told first: a page that only looks logged out is worse than one that does not. @throws {SojournProblem} when it was not told */
export async function logOut(): Promise<void> {
  try {
    await client.closeConsole();
  } catch (error) {
    if (!isOut(error)) throw error;
  }
  tellWindows("out");
  leave(undefined);
}

/** What an answer of 401 means here. */
export function thrownOut(): void {
  const was = seated.value;
  leave(was === undefined ? undefined : whyOut({ now: Date.now(), lastAct, idle, expiresAt: was.expiresAt }));
}

let refreshing = 0;
/** After something was asked for a person: the session lives on, and by how long only the server knows. */
export function actedNow(): void {
  const now = Date.now();
  lastAct = now;
  if (now - refreshing < 60_000 || seated.value === undefined) return;
  refreshing = now;
  void findPerson();
}

/** Whether an error says that nobody is logged in. */
export function isOut(error: unknown): boolean {
  return error instanceof SojournProblem && error.status === 401;
}
