/** What the address of a store may say after its ?. */
export type Parameter =
  | "prefix"
  | "shards"
  | "ca"
  | "schema"
  | "pool"
  | "prepare"
  | "host"
  | "sslmode"
  | "tls"
  | "socket"
  | "bucket"
  | "replicas"
  | "creds"
  | "reads"
  | "feed";
export type Parameters = Readonly<Partial<Record<Parameter, string>>>;

/** What stands after the ? of an address, each parameter once and of those that its engine knows. @param refuse is told what is wrong; a value is never in it. */
export function parametersOf(
  query: string | undefined,
  known: readonly Parameter[],
  refuse: (what: string) => never,
  decoded: (text: string) => string,
): Parameters {
  const values: Partial<Record<Parameter, string>> = {};
  for (const pair of (query ?? "").split("&")) {
    if (pair === "") continue;
    const [, text = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const name = known.find((each) => each === text);
    if (name === undefined) return refuse(`has a parameter after its ? that is none of ${known.join(", ")}.`);
    if (values[name] !== undefined) refuse(`has ${name} more than once.`);
    values[name] = decoded(value);
    const fault = faultOf(name, values[name]);
    if (fault !== undefined) refuse(`has a ${name} that is not ${fault}.`);
  }
  return values;
}

const wholeUpTo100 = "a whole number from 1 to 100, such as 10";
const shapes: Partial<Record<Parameter, readonly [RegExp, string]>> = {
  prepare: [/^(on|off)$/, "on or off"],
  tls: [/^(on|off)$/, "on or off"],
  feed: [/^(on|off)$/, "on or off"],
  sslmode: [/^(disable|require|verify-full)$/, "disable, require or verify-full; with the last two the certificate is checked"],
  pool: [/^([1-9]\d?|100)$/, wholeUpTo100],
  shards: [/^[1-9]\d{0,4}$/, "a whole number above 0"],
  replicas: [/^[135]$/, "1, 3 or 5"],
  reads: [/^(fresh|replica)$/, "fresh or replica"],
};

function faultOf(name: Parameter, value: string): string | undefined {
  const [shape, what] = shapes[name] ?? [/./, "filled in"];
  return shape.test(value) ? undefined : what;
}
