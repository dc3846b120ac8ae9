import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meaningOf, type Meaning } from "./wording.ts";
import { keywords, phrases } from "./wording-data.ts";

describe("a keyword alone, however it is dressed", () => {
  test.each([
    ...["STOP", "stop", "Stop.", "stop!!!", " stop ", "“STOP”", "'stop'", "«Stop»", "(stop)", "*stop*", "stop?", "STOP 🙏", "🛑 STOP", "🛑", "🛑🛑🛑"],
    ...[
      "stop stop stop",
      "S T O P",
      "s.t.o.p",
      "S-T-O-P",
      "ＳＴＯＰ",
      "𝐒𝐓𝐎𝐏",
      "ST\u200BOP",
      "\u202Estop\u202C",
      "s\u0336t\u0336o\u0336p\u0336",
      "STÖP",
      "Stop\r\n",
      "\ufeffSTOP",
    ],
    ...[
      "STOPALL",
      "stop all",
      "Stop-All",
      "UNSUBSCRIBE",
      "unsub",
      "CANCEL",
      "Cancel.",
      "END",
      "end",
      "QUIT",
      "REVOKE",
      "OPT OUT",
      "opt-out",
      "OptOut",
      "OPTOUT!",
    ],
    ...[
      "please stop",
      "Stop please",
      "PLS STOP",
      "stop, thank you",
      "Cancel please",
      "please cancel",
      "unsubscribe pls",
      "stop now",
      "just stop",
      "ok stop",
      "hi, stop",
      "stop it",
      "Stop this!!",
    ],
    ...["remove me", "make it stop", "go away", "stop. Thank you", "stop pls asap thx"],
    ...[
      "lopeta",
      "Lopeta kiitos",
      "lopettakaa",
      "stopp",
      "STOPP tack",
      "avsluta",
      "sluta",
      "avregistrera",
      "avslutt",
      "avmeld",
      "afmeld",
      "frameld",
      "abmelden",
      "Bitte abmelden",
    ],
    ...[
      "hör auf",
      "abbestellen",
      "afmelden",
      "uitschrijven",
      "ARRET",
      "arrêt",
      "Arrêtez s’il vous plaît",
      "désabonner",
      "BAJA",
      "baja por favor",
      "parar",
      "SAIR",
      "pare",
    ],
    ...["disiscrivimi", "cancellami", "odhlásit", "leiratkozás", "СТОП", "стоп, пожалуйста", "ΣΤΟΠ", "στόπ", "відписатися"],
  ])("%j is stop", (text) => expect(meaningOf(text)).toBe("stop"));

  test.each(["START", "start!", "Start please", "UNSTOP", "unstop", "opt in", "OPT-IN", "subscribe"])("%j is start", (text) =>
    expect(meaningOf(text)).toBe("start"),
  );

  test.each(["HELP", "help", "Help!", "help please", "INFO", "info", "aide", "Ayuda", "Hilfe", "apua", "hjälp", "hjælp", "βοήθεια", "помощь"])(
    "%j is help",
    (text) => expect(meaningOf(text)).toBe("help"),
  );
});

describe("a sentence of its own", () => {
  test.each([
    "Wrong number. Stop.",
    "STOP. I am not interested",
    "Not interested! STOP!",
    "I sold the house\nstop",
    "STOP\n\nSent from my phone",
    "Who is this? Unsubscribe.",
    "Thanks for all. Please opt out.",
  ])("%j is stop", (text) => expect(meaningOf(text)).toBe("stop"));
});

describe("free wording", () => {
  test.each([
    ...[
      "please stop texting me",
      "Stop texting me!!",
      "STOP TEXTING ME OR I WILL CALL MY LAWYER",
      "can you stop texting me?",
      "Could you please stop messaging me",
      "I said stop",
      "I told you to stop",
    ],
    ...[
      "please, stop texting me",
      "Who is this? stop texting me",
      "this is the wrong number please stop texting me",
      "wrong number stop texting me",
      "wrong number stop",
      "not interested, remove me",
    ],
    ...[
      "stop texting this number",
      "quit texting me",
      "stop contacting us",
      "stop bothering me",
      "please stop spamming my phone",
      "stop texting",
      "stop messaging",
      "stop sending",
    ],
    ...[
      "stop sending me these messages",
      "please stop sending me texts",
      "Stop sending messages",
      "stop sending me this",
      "stop sending these",
      "stop the texts",
      "stop all messages",
      "stop sms",
    ],
    ...[
      "stop these stupid... stop these texts",
      "I want to stop receiving these texts",
      "I'd like to stop getting messages from you",
      "cancel these texts",
      "end messages",
      "stop the spam",
    ],
    ...[
      "Can you stop",
      "would you please stop?",
      "will you stop texting me",
      "why won't you stop texting me",
      "If you don't stop texting me I'll report you",
      "You need to stop contacting me",
    ],
    ...[
      "don't text me again",
      "Don’t text me",
      "dont text me anymore",
      "do not contact me",
      "Do not text this number again",
      "never text me again",
      "please do not message me ever again",
      "don't bother me",
    ],
    ...[
      "don't send me any more messages",
      "do not send me texts",
      "please don't send me anything else",
      "no more texts",
      "No more messages please",
      "send no more sms",
      "do not text",
    ],
    ...[
      "I don't want to receive these messages",
      "i dont want any more texts",
      "I no longer wish to receive messages from you",
      "we do not want your texts",
      "I don't want you to text me",
      "I do not want to be contacted",
    ],
    ...[
      "remove me from your list",
      "Please remove me from your mailing list, I never signed up",
      "remove my number from this list",
      "take me off this list",
      "TAKE ME OFF YOUR LIST",
      "get me off your contact list",
    ],
    ...[
      "can you take me off this list",
      "I want to be removed from your list",
      "delete my number",
      "lose my number",
      "take me off",
      "remove me from the list",
      "please remove me from all lists",
      "remove us",
    ],
    ...[
      "unsubscribe me pls",
      "unsubscribe me",
      "please unsubscribe me from this",
      "I want to unsubscribe",
      "I'd like to unsubscribe, thanks",
      "how do I unsubscribe?",
      "How can I opt out",
      "unsubscribe from this list",
    ],
    ...[
      "opt me out",
      "I opt out",
      "please opt me out of this",
      "I want to opt out of these messages",
      "I'm opting out",
      "I revoke my consent",
      "I hereby withdraw my consent to be contacted",
      "revoke consent",
    ],
    ...["leave me alone", "I'm busy. Leave me alone.", "kindly refrain from texting me", "so unsubscribe me", "hi, ok so can you please take me off your list"],
  ])("%j is stop", (text) => expect(meaningOf(text)).toBe("stop"));

  test.each([
    ...[
      "älä lähetä enää viestejä",
      "Älkää lähettäkö minulle enää mitään",
      "lopeta viestit",
      "en halua enää viestejä",
      "poista numeroni listalta",
      "Poistakaa minut listaltanne kiitos",
    ],
    ...[
      "sluta skicka sms",
      "sluta smsa mig",
      "ta bort mig från listan",
      "skicka inga fler meddelanden",
      "inga fler sms tack",
      "jag vill inte ha fler sms",
      "meld meg av",
      "ikke send flere meldinger",
    ],
    ...["send ikke flere beskeder", "slet mit nummer", "stop med at sende beskeder", "jeg vil ikke have flere beskeder"],
    ...[
      "Bitte keine SMS mehr",
      "keine Nachrichten mehr",
      "Hören Sie auf mir zu schreiben",
      "schreiben Sie mir nicht mehr",
      "ich möchte keine Nachrichten mehr",
      "bitte löschen Sie meine Nummer",
      "meld mich ab",
    ],
    ...["stop al bericht", "stop alle berichten", "geen berichten meer", "stuur mij geen sms meer aub", "haal mij van de lijst", "schrijf me uit"],
    ...[
      "stop pub",
      "STOP SMS",
      "arrêtez de m'envoyer des messages",
      "ne m’envoyez plus de sms",
      "je ne veux plus recevoir de messages",
      "désabonnez-moi",
      "retirez-moi de votre liste",
      "je veux me désabonner",
    ],
    ...["basta messaggi", "smettetela di scrivermi", "non mandatemi più messaggi", "non voglio più ricevere messaggi", "toglimi dalla lista"],
    ...["quiero darme de baja", "no me envíen más mensajes", "dejen de escribirme", "no quiero más mensajes", "no más mensajes", "quítenme de la lista"],
    ...["não quero mais receber mensagens", "não me enviem mais mensagens", "parem de me enviar mensagens", "chega de mensagens"],
    ...["nie wysyłajcie więcej wiadomości", "proszę nie pisać do mnie więcej", "wypiszcie mnie z listy", "nepište mi", "neposílejte mi další zprávy"],
    ...["не пишите мне больше", "отпишите меня", "больше не присылайте сообщения", "удалите меня из рассылки"],
  ])("%j is stop in its language", (text) => expect(meaningOf(text)).toBe("stop"));
});

describe("an answer stays an answer", () => {
  test.each([
    ...["", " ", "?", "👍", "yes", "YES", "Yes please", "y", "no", "NO", "No, thanks", "nope", "1", "42", "maybe", "ok", "thanks", "please", "hello"],
    ...[
      "the bus stop on Main street",
      "bus stop",
      "don't stop",
      "Don't stop!",
      "please don't stop",
      "non-stop",
      "nonstop",
      "one stop",
      "unstoppable",
      "stopover",
      "full stop",
      "no stop",
      "pit stop 5",
    ],
    ...[
      "stop at 5",
      "Stop by at 5",
      "please stop by tomorrow",
      "can you stop at the shop",
      "Can you stop by?",
      "stop 12345",
      "stop start",
      "STOP or HELP",
      "the stop",
      "stops",
      "stopped",
      "stoooop",
      "at the 🛑 turn left",
    ],
    ...[
      "I want to end at 5",
      "the end",
      "end of May",
      "weekend",
      "in the end I chose blue",
      "cancel my 5 o'clock and book 6",
      "Cancel. Book me for 6 instead.",
      "cancel my order",
      "ok cancel",
      "yes cancel",
      "cancel it",
    ],
    ...[
      "quit smoking",
      "I quit my job",
      "end my subscription",
      "cancel my subscription",
      "revoke the key",
      "opt for the second",
      "I want to stop",
      "I want to stop smoking",
      "help me with my order",
      "I need help",
    ],
    ...[
      "more info please about it",
      "start at 9",
      "yes, start tomorrow",
      "don't start",
      "unsubscribe rates went up",
      "please don't unsubscribe me",
      "I don't want to unsubscribe",
      "if I unsubscribe, do I lose points?",
    ],
    ...[
      "why did you stop texting me?",
      "did you stop texting me",
      "he won't stop texting me",
      "Tom keeps texting me",
      "tell him to stop texting her",
      "my boss never stops texting me",
      "don't stop texting me",
      "never stop texting me",
    ],
    ...[
      "my ex should stop texting me",
      "stop texting Tom",
      "stop sending me the wrong size",
      "stop calling me Bob",
      "why did you remove me from your list?",
      "Don't remove me from your list",
    ],
    ...[
      "remove me from the 5pm class",
      "take me off the waiting list",
      "remove me from the list of speakers",
      "take me off the Monday shift",
      "remove the onions",
      "delete my order",
      "take me home",
    ],
    ...[
      "don't text me before 9",
      "don't text me tomorrow, I'm at work",
      "don't contact my wife",
      "don't bother",
      "don't send me the red one",
      "send me texts",
      "send sms",
      "text me again",
      "contact me",
      "no more",
      "no mas",
      "not interested",
    ],
    ...[
      "wrong number",
      "call me, don't wait",
      "I don't want sugar",
      "I don't want the red one",
      "I received no messages",
      "any messages?",
      "leave the parcel alone",
      "leave me a note",
      "opt me in",
      "subscribe my wife",
    ],
    ...[
      "Liked “Reply STOP to end”",
      "Loved “Acme: 20% off. Reply STOP to end.”",
      "Reply STOP to unsubscribe",
      "text STOP to 12345",
      "she said: stop it",
      "Out of office until Monday",
    ],
    ...[
      "bussi pysähtyy pysäkillä",
      "en halua maitoa",
      "älä lähetä punaista",
      "skicka sms",
      "meld meg på",
      "schreib mir",
      "schrijf mij",
      "keine Nachrichten",
      "keine",
      "plus de messages",
      "je veux plus de messages",
    ],
    ...[
      "l'arrêt de bus",
      "baja calidad",
      "la más baja",
      "alta",
      "alto",
      "media",
      "basta così",
      "para mañana",
      "non voglio la pizza",
      "нет",
      "не надо",
      "no quiero más café",
      "nie wysyłać",
    ],
  ])("%j is the dialogue's", (text) => expect(meaningOf(text)).toBeUndefined());
});

describe("what the application hears otherwise", () => {
  test.each<[string, Parameters<typeof meaningOf>[1], Meaning | undefined]>([
    ["cancel", { without: ["CANCEL"] }, undefined],
    ["Cancel please", { without: ["cancel"] }, undefined],
    ["cancel texts", { without: ["cancel"] }, "stop"],
    ["end", { without: ["cancel"] }, "stop"],
    ["opt-out", { without: ["Opt out"] }, undefined],
    ["I want to unsubscribe", { without: ["unsubscribe"] }, undefined],
    ["Wrong number. Stop.", { without: ["stop"] }, undefined],
    ["please stop texting me", { without: ["stop"] }, "stop"],
    ["Yes!", { words: { start: ["yes"] } }, "start"],
    ["yes please", { words: { start: ["yes"] } }, "start"],
    ["not interested", { words: { stop: ["Not interested"] } }, "stop"],
    ["bye bye", { words: { stop: ["bye bye"] } }, "stop"],
    ["stop it", { words: { help: ["stop it"] } }, "help"],
    ["thanks", { words: { stop: ["thanks"] } }, "stop"],
    ["👍", { words: { stop: ["👎"] } }, undefined],
    ["seis", { means: (text) => (text === "seis" ? "stop" : undefined) }, "stop"],
    ["STOP", { means: () => "start" }, "stop"],
    ["hello", { means: () => "nonsense" as Meaning }, undefined],
  ])("%j with %j is %j", (text, options, meaning) => expect(meaningOf(text, options)).toBe(meaning));

  test("its ear is given 500 characters and not one more", () => {
    const heard: string[] = [];
    meaningOf("x ".repeat(1_000), { means: (text) => void heard.push(text) });
    expect(heard).toEqual(["x ".repeat(250)]);
  });
});

const wrapping = fc.constantFrom("", " ", "\n", "“", "”", "'", '"', "...", "!!!", "🙏", "👍🏽", "\u200F", "\u00A0", " - ", "*", "«", ")");

test("case, diacritics, punctuation, quotes, emoji and invisible characters around a keyword make no difference", () => {
  const words = Object.entries(keywords).flatMap(([meaning, all]) => all.map((word) => [meaning, word] as const));
  fc.assert(
    fc.property(
      fc.constantFrom(...words),
      fc.array(wrapping, { maxLength: 5 }),
      fc.array(wrapping, { maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      (entry, before, after, upper, decomposed) => {
        const [meaning, word] = entry;
        const written = (upper ? word.toUpperCase() : word).normalize(decomposed ? "NFD" : "NFC");
        expect(meaningOf(before.join("") + written + after.join(""))).toBe(meaning);
      },
    ),
    { numRuns: 600 },
  );
});

test("a keyword between words that mean nothing to us is an answer", () => {
  const word = fc.constantFrom(
    "blue",
    "seven",
    "tomorrow",
    "street",
    "coffee",
    "with",
    "at",
    "my",
    "the",
    "bus",
    "order",
    "7",
    "they",
    "don't",
    "auto",
    "viisi",
    "chez",
  );
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(...keywords.stop, "stop texting me", "remove me from your list"),
      fc.array(word, { minLength: 1, maxLength: 6 }),
      (before, stop, after) => {
        expect(meaningOf([...before, stop, ...after].join(" "))).toBeUndefined();
      },
    ),
    { numRuns: 600 },
  );
});

test('every phrase of the data is heard in each of its forms, and not behind a "don\'t"', () => {
  const form = fc.constantFrom(...phrases).chain((row) => {
    const places = row.replace(/ \*$/, "").split(" ");
    return fc.tuple(...places.map((place) => fc.constantFrom(...place.split("|")))).map((chosen) =>
      chosen
        .filter((words) => words !== "-")
        .join(" ")
        .replaceAll("_", " "),
    );
  });
  fc.assert(
    fc.property(form, (phrase) => {
      expect(meaningOf(phrase)).toBe("stop");
      expect(meaningOf(`Hello, can you please ${phrase}. Thank you!`)).toBe("stop");
      expect(meaningOf(`my friend says he did not ${phrase}`)).toBeUndefined();
    }),
    { numRuns: 1_500 },
  );
});

test("ordinary words never make a meaning", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."bcfghjkvwxz".split("")), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), (words) => {
      expect(meaningOf(words.join(" "))).toBeUndefined();
    }),
  );
});

test("no text makes it throw, and what follows the first 500 characters changes nothing but that the text is longer", () => {
  const unit = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom("stop ", "texting ", "me ", "please ", "don't ", "i ", "want ", "to ", ". ", "\n", "\uD800", "ﷺ", "🛑"),
  );
  const text = fc.array(unit, { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, two, more, other) => {
      expect(["stop", "start", "help", undefined]).toContain(meaningOf(one));
      const start = (one + two).padEnd(500, "x ").slice(0, 500);
      expect(meaningOf(start + more)).toBe(meaningOf(start + other));
    }),
  );
});

test("hostile text of 1 MB takes no longer than it takes to read 500 characters", () => {
  const size = 1_000_000;
  const shapes = [
    "stop ",
    "so ",
    "please ",
    "i want to ",
    "can you please ",
    "ﷺ",
    "e\u0301\u0323",
    "\u200D",
    "'",
    "i",
    "🛑",
    "- ",
    "unsubscribe|",
    "please stop sending me all of these ",
    "\n",
    "\0",
    "\uD800",
    "a. ",
  ];
  for (const shape of shapes) {
    const text = shape.repeat(size / shape.length);
    meaningOf(text);
    const began = performance.now();
    for (let i = 0; i < 10; i++) meaningOf(text);
    expect((performance.now() - began) / 10, JSON.stringify(shape)).toBeLessThan(50);
  }
});
