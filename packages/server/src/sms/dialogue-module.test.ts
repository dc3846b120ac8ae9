import { dialogue } from "@sojourn/gateways/sms";
import { expect, test } from "vitest";
import { checked, dialogueModule } from "./dialogue-module.ts";

const hello = dialogue("hello", async (talk) => talk.say("Hello."));

test("what is right is taken, and nothing else of the module", () => {
  const given = { dialogues: [hello], keywords: { HI: "hello" }, exhausted: "refuse", replies: { stop: "Bye." } };
  expect(checked({ ...given, other: 1 }, "x.mjs")).toEqual(given);
  expect(checked({ dialogues: [hello] }, "x.mjs")).toEqual({ dialogues: [hello] });
});

test.each([
  [{}, "dialogues of x.mjs is no list of dialogues"],
  [{ dialogues: [] }, "dialogues of x.mjs is no list of dialogues"],
  [{ dialogues: hello }, "dialogues of x.mjs is no list of dialogues"],
  [{ dialogues: [hello, null] }, "dialogues[1] of x.mjs is no dialogue. Make it with dialogue(name, function)"],
  [{ dialogues: [hello.script] }, "dialogues[0] of x.mjs is no dialogue"],
  [{ dialogues: [hello, { ...hello }] }, 'dialogues of x.mjs has two that are called "hello"'],
  [{ dialogues: [hello], keywords: ["HI"] }, 'keywords.0 of x.mjs is "HI", and there is no such dialogue'],
  [{ dialogues: [hello], keywords: { HI: hello } }, "keywords of x.mjs is no object of words and names"],
  [{ dialogues: [hello], keywords: { HI: "helo" } }, 'keywords.HI of x.mjs is "helo", and there is no such dialogue'],
  [{ dialogues: [hello], exhausted: "wait" }, 'exhausted of x.mjs is not "refuse", "queue" or "oldest-yields"'],
  [{ dialogues: [hello], replies: { bye: "Bye." } }, 'replies of x.mjs is no object of texts under "stop", "start" and "help"'],
  [{ dialogues: [hello], replies: "Bye." }, "replies of x.mjs is no object of texts"],
])("%o: %s", (exported, message) => {
  expect(() => checked(exported, "x.mjs")).toThrow(
    expect.objectContaining({ name: "StartFailure", message: expect.stringContaining(message) as string }) as Error,
  );
});

test("a file that is not there", async () => {
  await expect(dialogueModule("nowhere.mjs")).rejects.toThrow("There is no file nowhere.mjs. Give a module that exports dialogues, or none for the demo.");
});
