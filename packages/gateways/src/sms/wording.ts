import { beginning, byFirstWord, endsOf, endTrimmed, phrasesOf, templateOf, trimmed, type Phrases, type Template } from "./phrase-matching.ts";
import { plainWords, sentencesOf } from "./plain-words.ts";
import { courtesies, fillers, keywords, leads, phrases, strong, turns } from "./wording-data.ts";

/** What a message means to the service as a whole, whatever dialogue is open. */
export type Meaning = "stop" | "start" | "help";

/** What an application hears otherwise. */
export interface WordingOptions {
  /** Further words or phrases, for a message that consists of one. They go before what is built in: `{ start: ["yes"] }`, `{ help: ["stop it"] }`. */
  readonly words?: { readonly [M in Meaning]?: readonly string[] | undefined } | undefined;
  /**
   * Built-in words and phrases that are answers here: `["cancel", "end"]`. They are compared whole, so "cancel texts" is still heard. Of stop, quit, end, revoke, opt out,
   * cancel and unsubscribe 47 CFR 64.1200(a)(10) says that each revokes consent: where it applies, take none out unless every such answer is looked at in another way.
   */
  readonly without?: readonly string[] | undefined;
  /** The application's own ear, for its languages and its people's ways. It is asked last, so it cannot overhear a STOP; it is given the first 500 characters as they came. */
  readonly means?: ((text: string) => Meaning | undefined) | undefined;
}

/** UTF-16 units of a message that are looked at. */
const looked = 500;
/** Words of these that are looked at, whatever NFKD has made of them. */
const mostWords = 250;

/**
 * What a person means by a message, to be asked before a dialogue sees it: to hear nothing more, to hear again, to be helped; `undefined`: the message is the dialogue's.
 * Case, diacritics, punctuation, quotes, emoji, repeated words and s p a c e d letters make no difference. Repeated letters do: "stoooop" is not heard.
 *
 * STOP is heard in
 * 1. a message that is a keyword and courtesies: "STOP", "Cancel, please.", "opt-out", "lopeta". CANCEL, END and QUIT alone are opt-outs although they could be answers:
 *    the networks' rules and 47 CFR 64.1200(a)(10) have it so. An application that asks for such answers says `without`.
 * 2. a message whose first or last sentence is STOP, STOPALL, UNSUBSCRIBE or OPT OUT: "Wrong number. Stop."
 * 3. a clause that begins with a request to the sender to end the messages: "please stop texting me", "can you take me off this list", "hi, don't text me again".
 *
 * It is not heard where the word is about something else ("the bus stop on Main street", "non-stop", "stop at 5", "remove me from the 5 pm class", "cancel my 5 o'clock"), where the
 * sentence is turned round ("don't stop", "why did you stop texting me", "he won't stop texting me"), in what is only a sign of displeasure ("no", "no more", "not interested", "wrong number"), in a
 * wish about when and not whether ("don't text me before 9"; "stop texting me" is heard whatever follows), and in the message of ours that a phone quotes ("Liked “Reply STOP to end”").
 * A person can be understood beyond that, and the rule asks for every reasonable means: that is what `means` is for.
 *
 * START and HELP are heard in a message that is the keyword alone. YES is no START: it is the answer to a question. The first 500 characters decide, in a time that is linear in them.
 */
export function meaningOf(text: string, options: WordingOptions = {}): Meaning | undefined {
  const start = text.slice(0, looked);
  const sentences = sentencesOf(start);
  const without = new Set(options.without?.map(plainWords));
  return (
    ownWord(sentences, options.words ?? {}) ??
    keyword(sentences, without) ??
    (isStrong(sentences, text.length > looked, without) || asksToStop(sentences, without) ? "stop" : undefined) ??
    known(options.means?.(start))
  );
}

const meanings: readonly Meaning[] = ["stop", "start", "help"];

/** Only what the type allows: an ear may be plain JavaScript. */
function known(meaning: Meaning | undefined): Meaning | undefined {
  return meanings.find((one) => one === meaning);
}

function ownWord(sentences: readonly string[][][], words: NonNullable<WordingOptions["words"]>): Meaning | undefined {
  const said = sentences.flat(2).slice(0, mostWords);
  const all = new Set([said, spoken(said), trimmed(spoken(said), vocabulary().polite)].map((some) => some.join(" ")));
  // A message without words, such as an emoji, is none of the words, not even of those that are emoji.
  all.delete("");
  return meanings.find((meaning) => words[meaning]?.some((word) => all.has(plainWords(word))));
}

function keyword(sentences: readonly string[][][], without: ReadonlySet<string>): Meaning | undefined {
  const said = trimmed(spoken(sentences.flat(2)), vocabulary().polite).join(" ");
  return without.has(said) ? undefined : vocabulary().keyword.get(said);
}

function isStrong(sentences: readonly string[][][], cut: boolean, without: ReadonlySet<string>): boolean {
  // Where a text was cut, no sentence ends.
  const candidates = [sentences.flat(), sentences[0] ?? [], cut ? [] : (sentences.at(-1) ?? [])];
  return candidates.some((candidate) => {
    const said = trimmed(spoken(candidate.flat()), vocabulary().loose);
    return vocabulary().strong.has(said) && !without.has(said.join(" "));
  });
}

/** Without what is said twice in a row, and "s t o p" as one word. */
function spoken(words: readonly string[]): string[] {
  const some = words.slice(0, mostWords);
  const joined = some.length > 2 && some.every((word) => word.length === 1) ? [some.join("")] : some;
  return joined.filter((word, at) => word !== joined[at - 1]);
}

function asksToStop(sentences: readonly string[][][], without: ReadonlySet<string>): boolean {
  const { loose, lead, turn } = vocabulary();
  let left = mostWords;
  for (const whole of sentences.flat()) {
    const clause = endTrimmed(whole.slice(0, left), loose);
    left = Math.max(0, left - whole.length);
    // Where a phrase may begin: in front, behind a turn, and behind each lead-in that stands there ("i want you to stop" is a phrase, "i want you to" a lead-in).
    const starts = new Set([0]);
    for (let at = 0; at < clause.length; at++) {
      if (at > 0 && turn.has(clause.slice(at - 1, at))) starts.add(at);
      if (!starts.has(at)) continue;
      if (phraseAt(clause, at, without)) return true;
      starts.add(at + Math.max(beginning(clause, loose, at), beginning(clause, lead, at)));
    }
  }
  return false;
}

function phraseAt(clause: readonly string[], at: number, without: ReadonlySet<string>): boolean {
  const candidates = vocabulary().templates.get(clause[at] ?? "") ?? [];
  return candidates.some((template) => endsOf(template, clause, at).some((end) => !without.has(clause.slice(at, end).join(" "))));
}

interface Vocabulary {
  readonly keyword: ReadonlyMap<string, Meaning>;
  readonly strong: Phrases;
  readonly polite: Phrases;
  readonly loose: Phrases;
  readonly lead: Phrases;
  readonly turn: Phrases;
  /** By their first word. */
  readonly templates: ReadonlyMap<string, readonly Template[]>;
}

let made: Vocabulary | undefined;

/** Made at first use. */
function vocabulary(): Vocabulary {
  made ??= {
    keyword: new Map(meanings.flatMap((meaning) => keywords[meaning].map((word): [string, Meaning] => [plainWords(word), meaning]))),
    strong: phrasesOf(strong),
    polite: phrasesOf(courtesies),
    loose: phrasesOf([...courtesies, ...fillers]),
    lead: phrasesOf(leads),
    turn: phrasesOf(turns),
    templates: byFirstWord(phrases.map(templateOf)),
  };
  return made;
}
