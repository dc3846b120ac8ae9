import { SojournError } from "sojourn";
import { StartFailure } from "../start-failure.ts";
import { hostText, type NetworkAddress } from "./network-address.ts";

/** How long a store may take to answer when a program starts, in ms. */
export const patience = 5_000;

/** Thrown when it took longer. */
export class Silence extends Error {
  override readonly name = "Silence";
  readonly code = "SILENCE";
}

type Told = (address: NetworkAddress) => string;
type Trouble = readonly [pattern: RegExp, told: Told, engine?: NetworkAddress["engine"]];

const credentials: Told = () => "refuses the user or the password. Correct them in the address; write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25.";
const where: Told = ({ hosts }) => (hosts.length === 0 ? "its socket" : hosts.map(hostText).join(", "));

/** What the clients throw, by code and by text, and what is to be done about it. The first that fits counts. */
const troubles: readonly Trouble[] = [
  [
    /\b(WRONGPASS|28P01|28000|ER_ACCESS_DENIED_ERROR|1045)\b|AUTH <password> called without any password|Authorization Violation|AuthorizationError/i,
    credentials,
  ],
  [/\bNOAUTH\b/, () => "wants a password. Write redis://:PASSWORD@HOST, or redis://USER:PASSWORD@HOST.", "redis"],
  [/no pg_hba\.conf entry/, () => "does not let this user in from this machine. Allow it in pg_hba.conf, or turn TLS on with ?sslmode=require.", "postgres"],
  [/\b(3D000|ER_BAD_DB_ERROR|1049)\b/, ({ database }) => `has no database ${JSON.stringify(database)}. Create it, or correct the name in the address.`],
  [/DB index is out of range/i, ({ database }) => `has no database number ${database}. Take one from 0 to 15, or raise databases in redis.conf.`, "redis"],
  [
    /\b(ER_DBACCESS_DENIED_ERROR|1044)\b/,
    ({ database }) => `has no database ${JSON.stringify(database)} that this user may use. Create it, or grant it to the user.`,
  ],
  [/\b(42501|ER_TABLEACCESS_DENIED_ERROR|1142|NOPERM)\b|permissions? (denied|violation)/i, rights],
  [
    /\b(53300|ER_CON_COUNT_ERROR|1040)\b|max number of clients reached/i,
    () => "has no connection left. Raise its limit, or have fewer servers or a smaller ?pool=.",
  ],
  [/\b57P03\b|\bLOADING\b/, () => "is still starting. Wait until it is ready, and start again."],
  [/cluster support disabled/i, () => "is no Redis Cluster. Write redis:// in the place of redis+cluster://.", "redis"],
  [/\b(MOVED|CROSSSLOT)\b/, () => "is a node of a Redis Cluster. Write redis+cluster:// in the place of redis://.", "redis"],
  [/\bCLUSTERDOWN\b/, () => "does not serve all slots of its cluster. See what CLUSTER INFO says.", "redis"],
  [
    /NoRespondersError|jetstream (is )?not enabled|no responders/i,
    () => "has no JetStream. Start it with -js, or jetstream { … } in its configuration.",
    "nats",
  ],
  [/\b(ENOTFOUND|EAI_AGAIN)\b/, ({ hosts }) => `cannot be found: no address is known for ${hosts.map(({ name }) => name).join(", ")}. Correct the host.`],
  [/\bECONNREFUSED\b|CONNECTION_REFUSED/, (address) => `is not there: nobody listens at ${where(address)}. Start it, or correct the host and the port.`],
  [
    /server does not support SSL|ER_SERVER_DOES_NOT_SUPPORT_SSL|HANDSHAKE_NO_SSL_SUPPORT|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|does not support \W?TLS/i,
    noTls,
  ],
  [/\b(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)\b/, certificate],
  [/\b(SILENCE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TIMEOUT)\b|timeout/i, silent],
  [
    /\b(ECONNRESET|EPIPE)\b|closed the connection|socket closed|connection terminated/i,
    (address) => `closed the connection. See that ${where(address)} is what the address says${address.tls ? "" : ", and whether it wants TLS"}.`,
  ],
];

function rights({ engine, user }: NetworkAddress): string {
  const whom = user === undefined ? "this user" : JSON.stringify(user);
  return `does not allow ${whom} what is needed. packages/sojourn/src/stores/${engine}/README.md lists the rights.`;
}

function noTls({ engine }: NetworkAddress): string {
  const without = { redis: "redis:// in the place of rediss://", postgres: "sslmode=disable", mariadb: "tls=off", nats: "tls=off" }[engine];
  return `does not speak TLS there. Turn it on at the server, or write ${without}.`;
}

function certificate(): string {
  return "has a certificate that is not trusted, or another name than the host's. Name the file of its authority with ?ca=PATH, or in NODE_EXTRA_CA_CERTS.";
}

function silent(address: NetworkAddress): string {
  return `does not answer. See that it runs at ${where(address)}${address.tls ? " and speaks TLS there" : ""}, and that no firewall is in between.`;
}

/** Why a program cannot start on this store, in one line. Whatever the client said, no password is in it. */
export function startTrouble(error: unknown, address: NetworkAddress): StartFailure {
  if (error instanceof StartFailure) return error;
  const facts = factsOf(error);
  const trouble = troubles.find(([pattern, , engine]) => (engine === undefined || engine === address.engine) && facts.some((fact) => pattern.test(fact)));
  const told = trouble?.[1](address) ?? unforeseen(error, address);
  return new StartFailure(`${address.setting} (${address.shown}): the store ${told}`, { cause: error });
}

/** Codes and messages of an error, of what caused it and of those that it is made of. */
function factsOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown };
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [`${error.name} ${String(code)} ${String(errno)} ${error.message}`, ...[error.cause, ...parts].flatMap((each) => factsOf(each, depth + 1))];
}

/** The text however it is written in an address: each character as it is or as percent signs and digits, these large or small, some or all of them. */
function anySpelling(text: string): RegExp {
  const characters = Array.from(text, (character) => {
    const bytes = Array.from(
      new TextEncoder().encode(character),
      (byte) =>
        `%${byte
          .toString(16)
          .padStart(2, "0")
          .replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`,
    );
    return `(?:${character.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)}|${bytes.join("")})`;
  });
  return new RegExp(characters.join(""), "g");
}

function unforeseen(error: unknown, { password, user }: NetworkAddress): string {
  if (!(error instanceof Error)) return "failed for an unknown reason.";
  let text = error.message.replace(/^The session store is unavailable: /, "");
  for (const secret of [password, password === undefined ? user : undefined]) if (secret !== undefined) text = text.replaceAll(anySpelling(secret), "***");
  text = text.replaceAll(/\s+/g, " ").trim();
  return `cannot be used: ${text}${error instanceof SojournError || /[.!]$/.test(text) ? "" : "."}`;
}
