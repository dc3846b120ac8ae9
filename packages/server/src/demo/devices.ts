import type { SessionInfo } from "sojourn";
import { agoText, deviceText } from "./device-text.ts";
import { html, type Html } from "./html.ts";
import { page } from "./page.ts";
import { formOf, seeOther, type ShopHandler } from "./visit.ts";

/** Where the visitor is logged in. */
export const devices: ShopHandler = async (visit) => {
  const { session, sessions } = visit;
  if (session.subject === undefined) return seeOther("/demo/login");
  const live: SessionInfo[] = [];
  for await (const info of sessions.list({ subject: session.subject })) live.push(info);
  const ordered = live.toSorted((a, b) => Number(b.id === session.id) - Number(a.id === session.id) || b.seen - a.seen);
  const others = ordered.length > 1 ? html`<form method="post" action="/demo/devices/end-others"><button>End all others</button></form>` : undefined;
  return page(
    visit,
    "Your devices",
    html`<p class="lead">${session.subject} is logged in here:</p><ul class="devices">${ordered.map((info) => device(info, info.id === session.id))}</ul>${others}`,
  );
};

function device({ id, agent, address, seen, created }: SessionInfo, own: boolean): Html {
  const name = deviceText(agent);
  return html`<li>
<h2>${name}${own ? html` <span class="here">this one</span>` : undefined}</h2>
<dl>
<div><dt>Address</dt><dd>${address ?? "unknown"}</dd></div>
<div><dt>Last seen</dt><dd><time datetime="${new Date(seen).toISOString()}">${agoText(Date.now() - seen)}</time></dd></div>
<div><dt>Since</dt><dd><time datetime="${new Date(created).toISOString()}">${agoText(Date.now() - created)}</time></dd></div>
<div class="wide"><dt>Agent</dt><dd>${agent ?? "unknown"}</dd></div>
</dl>
${own ? undefined : html`<form method="post" action="/demo/devices/end"><input type="hidden" name="id" value="${id}"><button aria-label="End this session: ${name}, ${address ?? "unknown address"}">End this session</button></form>`}
</li>`;
}

/** Ends one of the visitor's own sessions. Somebody else's id is as good as none: the subject goes with it. */
export const endDevice: ShopHandler = async ({ session, sessions, request }) => {
  const { subject } = session;
  if (subject === undefined) return seeOther("/demo/login");
  const id = (await formOf(request)).get("id") ?? "";
  const ended = await sessions.end({ id, subject }, "revoked", subject);
  if (id === session.id) return seeOther("/demo/goodbye");
  session.flash("message", ended ? "That session has ended. Its next request will hear so." : "That session had ended already.");
  return seeOther("/demo/devices");
};

/** Ends all of the visitor's sessions but this one. */
export const endOthers: ShopHandler = async ({ session, sessions }) => {
  const { subject, id } = session;
  if (subject === undefined) return seeOther("/demo/login");
  const ended = await sessions.endAll({ subject, except: id }, "revoked", subject);
  session.flash("message", ended === 1 ? "One other session has ended." : `${ended} other sessions have ended.`);
  return seeOther("/demo/devices");
};
