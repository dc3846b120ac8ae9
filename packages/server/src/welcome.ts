import type { DevelopmentKey } from "./development-key.ts";

/** What a development server says when it is ready. */
export interface Welcome {
  readonly address: string;
  readonly key: DevelopmentKey;
  /** Where the first line keeps the session that it begins. */
  readonly scratch: string;
  /** Whether sessions outlive the server. */
  readonly kept: boolean;
}

/** The address, the key when it is new, three lines to paste, and what to open. */
export function welcomeText({ address, key, scratch, kept }: Welcome): string {
  const authorization = `-H "Authorization: Bearer $(cat ${quoted(key.file)})"`;
  const json = "-H 'Content-Type: application/json'";
  const token = `-H "Sojourn-Session: $(sed 's/.*"token":"//; s/".*//' ${quoted(scratch)})"`;
  return `
Sojourn listens on ${address}
${key.fresh === undefined ? `The application key is in ${key.file}` : `Application key: ${key.fresh}\n(kept in ${key.file}, readable by you alone; the store has only its hash)`}

Begin a session, change it by its token, and see what is known of it. These three lines can be pasted as they are:

curl -sS ${address}/v1/sessions ${authorization} ${json} -d '{"subject":"ada","data":{"cart":["tea"]}}' | tee ${quoted(scratch)}

curl -sS -X PATCH ${address}/v1/session ${authorization} ${token} ${json} -d '{"set":{"cart":["tea","milk"],"theme":"dark"}}'

curl -sS '${address}/v1/sessions?subject=ada' ${authorization}

A shop to click through, open in two browsers: ${address}/demo
The console, where sessions are seen and ruled: ${address}/console (log in with the key)
Ctrl+C stops the server; the sessions ${kept ? "stay" : "are gone then: they are in its memory"}.
`;
}

/** For a POSIX shell, inside double quotes' $( ) too. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
