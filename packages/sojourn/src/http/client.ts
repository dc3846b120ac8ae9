/** The User-Agent as a devices page can show it: at most 256 characters, control characters replaced. Whoever sends it chooses it. */
export function agentText(agent: string | undefined): string | undefined {
  if (agent === undefined || agent === "") return undefined;
  const text = agent.length > 256 ? agent.slice(0, 256) : agent;
  // C0, DEL, C1, and what turns or hides text: bidirectional controls, zero width, line and paragraph separators, half a surrogate pair.
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    "?",
  );
}

/** Whether a Host field names this very machine, where Chromium and curl keep and send Secure cookies over plain http too. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:[^:[\]]+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}
