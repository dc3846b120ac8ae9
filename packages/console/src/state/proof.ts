import { signal, type ReadonlySignal } from "@preact/signals";
import { SojournProblem } from "@sojourn/client";
import { visible } from "../text/visible.ts";
import { actedNow, isOut, thrownOut } from "./person.ts";

/** An act that waits for somebody to prove again who they are. */
export interface Wanted {
  /** They did. */
  readonly given: () => void;
  /** They would rather not. */
  readonly refused: () => void;
}

const wanting = signal<Wanted | undefined>(undefined);

/** What the dialog that asks for the key is there for; undefined: it is not. */
export const proofWanted: ReadonlySignal<Wanted | undefined> = wanting;

/** Thrown when an act was given up because its person would not prove who they are: nothing was done, and there is nothing to tell. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

/**
 * Asks the server for somebody. Where it wants a fresh proof of who they are, they are asked for it, and then it is asked again.
 * @throws {SojournProblem} as the client does
 * @throws {GivenUp} when the proof was refused
 */
export async function asked<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      const answer = await act();
      actedNow();
      return answer;
    } catch (error) {
      if (isOut(error)) thrownOut();
      if (!wantsProof(error)) throw error;
    }
    await proof();
  }
}

/** Whether the server wants to know anew who it is. */
export function wantsProof(error: unknown): boolean {
  return error instanceof SojournProblem && error.code === "reauthentication_required";
}

/** Asks for the key. @throws {GivenUp} */
export function proof(): Promise<void> {
  return new Promise((resolve, reject) => {
    const before = wanting.value;
    wanting.value = {
      given() {
        wanting.value = undefined;
        before?.given();
        resolve();
      },
      refused() {
        wanting.value = undefined;
        before?.refused();
        reject(new GivenUp("The key was not given."));
      },
    };
  });
}

/** What to tell of an error; undefined where it is none to tell of. */
export function toldOf(error: unknown): string | undefined {
  if (error instanceof GivenUp || isOut(error)) return undefined;
  if (error instanceof DOMException && error.name === "AbortError") return undefined;
  return visible(error instanceof Error ? error.message : String(error));
}
