const texts: Readonly<Record<string, string>> = {
  denied: "You, or your provider, said no. Nobody is logged in.",
  provider: "Your provider answered with an error. Try again; if it stays so, the server’s log says which.",
  unreachable: "Your provider did not answer the server. The server’s log says more.",
  answer: "Your provider’s answer does not hold. The server’s log says why.",
  state: "This browser had begun no such log-in, or it is over. Begin again here.",
  expired: "It took longer than ten minutes. Begin again.",
  elsewhere: "Another site led here. Begin here.",
  role: "Your provider names no role here for you. Whoever runs the server says which may come in.",
  proof: "Your provider did not ask anew who you are, or does not say when it did.",
  person: "You came back as somebody else than who sat here.",
  busy: "There were too many tries from your address. Wait a minute.",
};

/** Why a log-in with the provider came to nothing, of a fragment such as `#/login?why=denied`; undefined when it says nothing of that. Words of our own alone are shown. */
export function providerRefusal(hash: string): string | undefined {
  const why = /^#\/login\?why=([a-z]{1,20})$/.exec(hash)?.[1];
  if (why === undefined) return undefined;
  return Object.hasOwn(texts, why) ? texts[why] : "The log-in with your provider came to nothing.";
}
