const secrets: readonly (readonly [RegExp, string])[] = [
  // A token or a ticket: its id may be told.
  [/([0-9a-hjkmnp-tv-z]{26}[.-])[\w-]{32}/g, "$1[redacted]"],
  // An application key, and the secret of a webhook.
  [/sjk_[\w-]+/g, "sjk_[redacted]"],
  [/whsec_[\w+/=-]+/g, "whsec_[redacted]"],
  // The password of a URL.
  [/(:\/\/[^\s/:@"']*:)[^\s/@"']+@/g, "$1[redacted]@"],
];

/** A text without what has the shape of a secret: the last of the nets, for what a driver's message or a misplaced token brings. JSON stays JSON. */
export function redacted(line: string): string {
  let text = line;
  for (const [shape, instead] of secrets) text = text.replace(shape, instead);
  return text;
}
