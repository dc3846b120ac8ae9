/**
 * What people write when they mean STOP, START or HELP: data, read by wording.ts. Written as people write it: both sides are brought to plain words before they are compared.
 *
 * A phrase is a row of places. In a place `|` stands between alternatives, `_` between the words of one, and `-` is an alternative of no words. `*` at the end: whatever follows.
 * Without it the clause ends there. Words of one language are not kept from those of another: nobody says in which one writes.
 */

/** Alone in a message, apart from courtesies. The first line is what CTIA's guides and 47 CFR 64.1200(a)(10) name. */
export const keywords: { readonly stop: readonly string[]; readonly start: readonly string[]; readonly help: readonly string[] } = {
  stop: [
    ...["stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "optout"],
    ...["unsub", "unsuscribe", "unsubcribe", "remove me", "stop it", "stop this", "stop that", "make it stop", "go away"],
    // Finnish, Swedish, Norwegian, Danish (and Estonian stopp)
    ...["lopeta", "lopettakaa", "stopp", "avsluta", "sluta", "avregistrera", "avslutt", "avmeld", "afmeld", "frameld"],
    // German, Dutch
    ...["hör auf", "hören sie auf", "abmelden", "abmeldung", "abbestellen", "austragen", "afmelden", "uitschrijven"],
    // French, Italian
    ...["arrêt", "arrête", "arrêter", "arrêtez", "désabonner", "désabonnement", "désinscrire", "désinscription", "disiscrivi", "disiscrivimi", "cancellami"],
    // Spanish, Portuguese
    ...["baja", "dar de baja", "darme de baja", "desuscribir", "parar", "pare", "sair", "descadastrar"],
    // Polish, Czech, Hungarian, Romanian, Russian, Ukrainian, Greek
    ...["wypisz mnie", "odhlásit", "leiratkozás", "leiratkozom", "dezabonare", "стоп", "отписаться", "відписатися", "στοπ"],
  ],
  start: ["start", "unstop", "opt in", "optin", "subscribe", "resubscribe"],
  help: [...["help", "info", "apua", "hjälp", "hjelp", "hjælp", "hilfe", "hulp", "aide", "ayuda", "ajuda", "aiuto", "pomoc", "помощь", "допомога", "βοήθεια"]],
};

/** Of these it is enough that they are the first or the last sentence of a longer message, with courtesies and fillers: nobody answers a question so. */
export const strong: readonly string[] = ["stop", "stopall", "stop all", "unsubscribe", "optout", "opt out", "stopp", "стоп", "στοπ"];

/** Around a keyword they change nothing. */
export const courtesies: readonly string[] = [
  ...["please", "pls", "plz", "kindly", "thanks", "thank you", "thankyou", "thx", "ty", "sir", "madam", "bitte", "danke", "merci", "svp", "s'il vous plaît"],
  ...["por favor", "gracias", "obrigado", "obrigada", "kiitos", "tack", "takk", "tak", "per favore", "grazie", "alstublieft", "aub", "bedankt", "palun"],
  ...["proszę", "dziękuję", "prosím", "пожалуйста", "спасибо", "παρακαλώ"],
];

/** Around a strong keyword or a phrase they change nothing either. Around CANCEL or END they may make an answer of it: "ok, cancel". */
export const fillers: readonly string[] = [
  "ok",
  "okay",
  "hi",
  "hello",
  "hey",
  "now",
  "right now",
  "just",
  "already",
  "asap",
  "immediately",
  "at once",
  "bye",
  "guys",
];

/** In front of a phrase: whoever says so means what follows. What is not here ("don't", "tell him to", "why did you") makes another sentence of it. */
export const leads: readonly string[] = [
  ...["i want to", "i wish to", "i need to", "i would like to", "i'd like to", "i want", "i'd like", "let me", "we want to", "we would like to"],
  ...["can you", "could you", "would you", "will you", "can't you", "won't you", "why won't you", "when will you", "if you don't", "unless you"],
  ...["i want you to", "i need you to", "i would like you to", "i'd like you to", "i told you to", "i asked you to", "i'm asking you to", "i said", "i say"],
  ...["you need to", "you must", "you should", "you have to", "so", "and", "but", "or", "no", "wrong number", "not interested", "no longer interested"],
];

/** Inside a clause without punctuation a phrase may begin after these. */
export const turns: readonly string[] = ["please", "pls", "plz", "kindly", "number", "interested", "so"];

const texts = "texts|text_messages|text_msgs|messages|msgs|sms|sms_messages|txts|txt_messages|spam";
const mails = `${texts}|text|message|txt|notifications|alerts|reminders|updates|ads|promos|promotions|marketing|notices`;
const any = "any|any_more|more|no_more|these|those|this|the|your|all|all_these|all_the|all_your|all_of_these|so_many|-";
const me = "me|us|this_number|my_number|my_phone|my_cell";
const again = "again|anymore|any_more|ever|ever_again|back|from_now_on|in_the_future|no_more";
const texting = "texting|messaging|contacting|txting|smsing|messing|spamming|bothering|harassing|pestering|bugging|annoying";
const text = "text|txt|message|msg|contact|sms";
const dont = "don't|do_not|never|don't_ever|do_not_ever|never_ever|dnt";
const unsubscribe = "unsubscribe|unsub|unsuscribe|unsubcribe";
const off = "from|off|off_of|out_of";
const list = `list|lists|mailing_list|mailing_lists|texting_list|text_list|sms_list|contact_list|call_list|contacts|database|system|${texts}`;

/** Each means STOP where a clause begins with it. */
export const phrases: readonly string[] = [
  // stop texting me
  `stop|quit|cease ${texting} ${me} *`,
  `stop|quit|cease ${texting}|sending|calling|calling_me`,
  `stop|quit|cease sending|giving me|us ${any} ${mails} *`,
  `stop|quit|cease sending ${any} ${mails} ${again}|-`,
  `stop|quit|cease sending me|us|- this|these|those|stuff|anything|things ${again}|-`,
  `stop|quit ${any} ${mails}`,
  `stop getting|receiving ${any} ${mails} *`,
  `cancel|end|discontinue|cease ${any} ${texts}`,
  "refrain from texting|messaging|contacting me|us|this_number *",
  "leave me|us alone",
  // don't text me again
  `${dont} ${text}|bother ${me} ${again} *`,
  `${dont} ${text}|bother ${me}`,
  `${dont} ${text} ${again}|-`,
  `not ${text} ${me} ${again}|-`,
  `${dont} send me|us|- ${any} ${texts} ${again}|-`,
  `${dont} send me|us anything ${again}|else|more|-`,
  `send me|us|- no more ${texts}`,
  `no more ${texts} from_you|-`,
  `i|we don't|do_not|no_longer want|wish|need|care to_receive|to_get|receiving|getting|- ${any} ${texts} from_you|from_this_number|at_this_number|${again}|-`,
  "i|we don't|do_not|no_longer want|wish you to_text|to_message|to_contact|texting|messaging|contacting me|us *",
  `i|we don't|do_not|no_longer want|wish to_be texted|messaged|contacted ${again}|-`,
  // remove me from your list. "The list" may be one of the application's, so nothing may follow.
  `remove|take|get|delete|erase me|us|my_number|my_phone_number|this_number|my_name ${off} your|this|these|all|all_your|any_of_your|all_of_your ${list} *`,
  `remove|take|get|delete|erase me|us|my_number|my_phone_number|this_number|my_name ${off} the|any|all_the ${list}`,
  `be removed|taken ${off} your|this|these|the|any|all|all_your ${list}`,
  "remove|delete|take_off me|us",
  "take me|us off",
  "be removed|taken_off|unsubscribed|opted_out",
  "lose|forget|remove|delete|erase my|this number|phone_number",
  // unsubscribe me, opt me out
  `${unsubscribe} ${me} *`,
  `${unsubscribe}|optout|opt_out|i_opt_out|opting_out|i'm_opting_out|i_am_opting_out|i_unsubscribe`,
  `${unsubscribe}|opt_out from|to|of ${any} ${list}|${mails}|this|everything|all|all_of_it`,
  `opt ${me} out *`,
  "i|we|i_hereby|hereby|- revoke|withdraw my|our|any|all|- consent|permission|authorization|authorisation *",
  "how_do_i|how_can_i|how_to|how_do_you unsubscribe|opt_out|get_off_this_list|get_off_your_list|stop_these_texts|stop_these_messages",
  // Only the keyword is left after these: it is asked of the sender.
  "can|could|would|will|can't|won't you stop|stop_it|stop_this|please_stop",
  "i_said|i_told_you_to|i_asked_you_to|i_want_you_to|i_need_you_to|you_need_to|you_must stop|stop_it|stop_this|please_stop",
  "wrong_number|not_interested|no_longer_interested stop|please_stop",
  // Finnish
  "lopeta|lopettakaa nämä|näiden|näitten|- viestit|tekstiviestit|viestien_lähettäminen|viestittely|tekstaaminen",
  "älä|älkää lähetä|lähettäkö|lähetelkö|laita|laittako minulle|mulle|- enää|- viestejä|viestiä|tekstiviestejä enää|-",
  "älä|älkää lähetä|lähettäkö minulle|mulle|- enää|mitään_enää|enää_mitään",
  "en halua|tahdo enää|- saada|- näitä|teidän|- viestejä|tekstiviestejä|viestejänne enää|-",
  "poista|poistakaa minut|mut|numeroni|tämä_numero listalta|listaltanne|listoilta|listoiltanne|rekisteristä|rekisteristänne|-",
  // Swedish, Norwegian, Danish
  "sluta|slutt|stop att|å|med_at|- smsa|messa|kontakta|kontakte mig|meg",
  "sluta|slutt|stop att|å|med_at|- skicka|sende sms|meddelanden|meldinger|beskeder|-",
  "ta_bort|tag_bort|slett|slet|fjern|avregistrera|avmeld|afmeld|frameld mig|meg|mitt_nummer|mit_nummer|nummeret_mitt från_listan|från_er_lista|fra_listen|fra_listene|-",
  "meld mig|meg af|av",
  "skicka inga|inte fler|mer|- sms|meddelanden mer|-",
  "send ikke|ingen flere|- sms|meldinger|beskeder mere|mer|-",
  "inga|ingen|ikke|ikke_send fler|flere sms|meddelanden|meldinger|beskeder",
  "jag_vill_inte|jeg_vil_ikke|jeg_ønsker_ikke ha|få|have|- fler|flere|några|- sms|meddelanden|meldinger|beskeder längre|lenger|længere|mer|mere|-",
  // German, Dutch
  "keine weiteren sms|nachrichten|textnachrichten",
  "keine sms|nachrichten|textnachrichten mehr",
  "hören_sie|hör|hört auf mir|uns zu_schreiben|zu_texten|nachrichten_zu_schicken|nachrichten_zu_senden|sms_zu_schicken|sms_zu_senden",
  "schreiben_sie|schreib|schreibt|schicken_sie|schick|schickt|senden_sie mir|uns|- keine weiteren|- sms|nachrichten mehr|-",
  "schreiben_sie|schreib|schreibt|schicken_sie|schick|schickt|senden_sie mir|uns nicht|nichts mehr",
  "ich möchte|will|wünsche keine weiteren|- sms|nachrichten mehr|- erhalten|bekommen|von_ihnen|-",
  "löschen_sie|lösch|löscht|entfernen_sie meine|diese nummer|telefonnummer|handynummer",
  "melden_sie|meld|tragen_sie|trag mich ab|aus|von_der_liste_ab|aus_der_liste_aus",
  "stop met|al|alle|- deze|de|- sms|sms'en|sms'jes|bericht|berichten|appen|berichten_sturen|sms'jes_sturen",
  "stop met mij|me te_sms'en|te_appen|berichten_te_sturen|sms'jes_te_sturen",
  "stuur mij|me|- geen berichten|sms|sms'jes meer",
  "geen berichten|sms|sms'jes meer",
  "haal|verwijder|schrijf|meld mij|me|mijn_nummer van_de_lijst|van_uw_lijst|van_jullie_lijst|uit_uw_bestand|uit_jullie_bestand|uit|af",
  // French, Italian
  "stop|stoppez|arrêt|arrêtez|arrêter|arrête les|ces|vos|tous_les|- sms|messages|textos|pub|pubs|publicité|publicités|promo|promos",
  "arrêtez|arrête|cessez de m'envoyer|m'écrire|me_contacter|me_texter|m'importuner|me_harceler *",
  "ne m'envoyez|m'envoie|m'écrivez|me_contactez|m'écris|m'envoyer plus de|ces|vos|- sms|messages|textos|rien|-",
  "je_ne_veux|je_ne_souhaite|je_ne_désire plus recevoir|de|recevoir_de|- vos|ces|- sms|messages|textos",
  "désabonnez|désinscrivez moi|nous *",
  "retirez|supprimez|enlevez moi|nous|mon_numéro de_la_liste|de_votre_liste|de_cette_liste|de_vos_listes|-",
  "je_veux|je_souhaite|je_voudrais|- me désabonner|désinscrire *",
  "stop|basta con|- i|questi|gli|- sms|messaggi",
  "smettetela|smettila|smettete di mandarmi|inviarmi|scrivermi|contattarmi|messaggiarmi *",
  "non mandatemi|inviatemi|scrivetemi|contattatemi|mi_mandate|mi_inviate|mi_scrivete|mi_contattate più sms|messaggi|niente|-",
  "non voglio|desidero più|ricevere|più_ricevere|ricevere_più i_vostri|questi|- sms|messaggi",
  "rimuovetemi|rimuovimi|toglietemi|toglimi|cancellatemi|cancellami dalla|dalle|da lista|liste|vostra_lista|vostre_liste|questa_lista",
  // Spanish, Portuguese
  "dame|deme|denme|dadme|darme|quiero_darme de|- baja de_la_lista|de_esta_lista|de_su_lista|de_los_mensajes|de_estos_mensajes|-",
  "dejen|deje|deja|dejad|paren|pare|para|parem de enviarme|mandarme|escribirme|contactarme|molestarme|me_enviar|me_mandar|me_escrever|me_contatar *",
  "no me envíen|envíe|envíes|manden|mande|mandes|escriban|escriba|escribas|contacten|contacte más mensajes|sms|textos|nada|-",
  "no quiero más|recibir_más|recibir sus|estos|- mensajes|sms",
  "no más mensajes|sms",
  "quítenme|quíteme|quítame|bórrenme|bórreme|bórrame|elimínenme|elimíneme|elimíname de su|la|esta lista",
  "não me envie|enviem|mande|mandem|escreva|escrevam|contate|contatem mais mensagens|sms|nada|-",
  "não quero mais|receber|receber_mais|mais_receber suas|essas|estas|- mensagens|sms",
  "chega|basta de mensagens|mensajes|sms",
  "remova|removam|retire|retirem|tire|tirem me|meu_número|o_meu_número da|desta|dessa|da_sua lista",
  // Polish, Czech, Russian, Ukrainian
  "nie|proszę_nie wysyłaj|wysyłajcie|wysyłać mi|do_mnie|- więcej|już|- sms|smsów|wiadomości",
  "nie|proszę_nie pisz|piszcie|pisać do_mnie więcej|już|-",
  "wypisz|wypiszcie|usuń|usuńcie mnie|mój_numer z_listy|z_tej_listy|z_bazy|-",
  "neposílejte|neposílej mi|- už|další|žádné|- zprávy|sms",
  "nepište|nepiš mi už|-",
  "не пишите|пиши мне больше|-",
  "не|больше_не присылайте|отправляйте|шлите|пишите мне|- больше|- сообщения|сообщений|смс больше|-",
  "больше не пишите|присылайте|отправляйте мне",
  "отпишите меня|нас|мой_номер *",
  "удалите|уберите меня|мой_номер из_списка|из_рассылки|из_базы|-",
  "не пишіть|надсилайте мені більше|-",
];
