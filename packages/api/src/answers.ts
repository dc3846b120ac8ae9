import { z } from "zod";
import { eventType, fields, moment } from "./parts.ts";
import { roles } from "./roles.ts";

// What is answered. A name in `meta({ id })` is the schema's in the OpenAPI document.

const id = z.string().meta({ description: "Public, stable for life, safe to log." });

export const session = z
  .object({
    id: id.optional(),
    token: z.string().optional().meta({ description: "What the client presents from now on. Only in the answer that made or replaced it." }),
    kind: z.string(),
    subject: z.string().optional(),
    version: z.int(),
    created: moment.optional(),
    expiresAt: moment.optional().meta({ description: "When it ends if nothing happens until then. Epoch milliseconds." }),
    authenticatedAt: moment.optional(),
    methods: z.array(z.string()).meta({ description: "How the subject logged in (RFC 8176)." }),
    levels: z.array(z.string()),
    data: fields,
  })
  .meta({ id: "Session", description: "A session as its holder sees it." });

const ending = z.object({
  at: moment,
  reason: z.string().meta({ description: "closed, idle, absolute, revoked, limit, replaced, reuse, or one of the application's own." }),
  by: z.string().optional().meta({ description: "Who ended it, such as the name of a key." }),
});

export const sessionInfo = z
  .object({
    id,
    kind: z.string(),
    subject: z.string().optional(),
    version: z.int(),
    created: moment,
    seen: moment.meta({ description: "The last activity that was written down. Epoch milliseconds." }),
    expiresAt: moment,
    authenticatedAt: moment.optional(),
    methods: z.array(z.string()),
    address: z.string().optional(),
    agent: z.string().optional(),
    ended: ending.optional().meta({ description: "Absent while it is live." }),
  })
  .meta({ id: "SessionInfo", description: "A session as it is seen from outside: no secret, no data." });

export const sessionPage = z
  .object({
    sessions: z.array(sessionInfo),
    next: z.string().optional().meta({ description: "What `after` is for the next page. Absent on the last." }),
  })
  .meta({ id: "SessionPage" });

export const searched = z
  .union([
    z.object({ session: sessionInfo }).meta({ description: "One that was found." }),
    // Before what has fewer fields: of two schemas that fit, the first reads the message.
    z
      .object({ done: z.literal(true), looked: z.int(), found: z.int(), more: z.literal(true).optional() })
      .meta({ description: "The end. With `more` it was reached because 10,000 were found: ask for something narrower." }),
    z.object({ looked: z.int() }).meta({ description: "How many were looked at so far." }),
  ])
  .meta({ id: "SearchMessage" });

export const revoked = z
  .union([
    z.object({ issuedBefore: moment }).meta({ description: "The floor stands: nothing that was issued before this moment is good any more." }),
    z.object({ done: z.literal(true), ended: z.int() }).meta({ description: "The end." }),
    z.object({ ended: z.int() }).meta({ description: "How many were ended one by one so far." }),
  ])
  .meta({ id: "RevocationMessage" });

export const revealed = z
  .object({
    version: z.int(),
    data: fields,
    journal: z
      .array(
        z.object({
          at: moment.optional(),
          from: z.enum(["person", "service"]),
          text: z.string().optional().meta({ description: "Absent where it is not kept: of most that the service has said there is only a digest." }),
        }),
      )
      .optional()
      .meta({ description: "What was said in a dialogue by text message, since its last checkpoint." }),
  })
  .meta({ id: "RevealedSession", description: "What a session holds." });

export const checkpoint = z
  .object({
    name: z.string(),
    at: moment,
    until: moment.meta({ description: "When it goes. Epoch milliseconds." }),
    session: id,
    version: z.int(),
    fields: z.array(z.string()).meta({ description: "The names of the fields that it holds." }),
  })
  .meta({ id: "Checkpoint" });

export const checkpoints = z.object({ checkpoints: z.array(checkpoint) });

const change = z.enum(["added", "removed", "changed", "same"]).meta({ description: "What restoring it would do to the field." });

export const checkpointDifference = z
  .object({ checkpoint, version: z.int().meta({ description: "Of the session as it was compared." }), fields: z.array(z.object({ name: z.string(), change })) })
  .meta({ id: "CheckpointDifference", description: "What restoring a checkpoint would change, by name." });

export const revealedCheckpoint = z
  .object({
    checkpoint,
    version: z.int(),
    fields: z.array(z.object({ name: z.string(), change, now: z.unknown().optional(), kept: z.unknown().optional() })),
  })
  .meta({ id: "RevealedCheckpoint", description: "The same, with the values." });

export const feedEvent = z
  .object({
    eventId: z.string().optional().meta({ description: "The `id` of the message, for `Last-Event-ID`. Absent of endings that are told again after a gap." }),
    type: eventType,
    id,
    kind: z.string(),
    subject: z.string().optional(),
    version: z.int(),
    ended: ending.optional(),
  })
  .meta({ id: "Event", description: "What happened to a session, anywhere on the store." });

const latency = z
  .object({ count: z.int(), p50: z.number(), p99: z.number() })
  .meta({ description: "Calls in the last minute, and how long they took, in ms." });
const perStep = z.array(z.int());

export const now = z
  .object({
    at: moment,
    since: moment.meta({ description: "When this process began to count." }),
    live: z
      .array(z.object({ kind: z.string(), live: z.int().optional().meta({ description: "Absent where the store cannot count." }) }))
      .meta({ description: "Sessions that have not ended, by kind." }),
    step: z.int().meta({ description: "ms of one step of the series." }),
    from: moment.meta({ description: "When the first step began." }),
    opened: perStep.meta({ description: "Sessions that began, by step, the newest last." }),
    ended: perStep.meta({ description: "Sessions that ended." }),
    reasons: z.record(z.string(), z.int()).meta({ description: "Why those ended that the series counts." }),
    reads: latency,
    writes: latency,
    lag: z.number().optional().meta({ description: "ms by which the longest due wake is late. Absent when nobody has looked yet." }),
    listeners: z.int().meta({ description: "Event streams that are open." }),
  })
  .meta({ id: "Now", description: "What this server sees: its own calls, and everybody's events." });

export const serverStatus = z
  .object({
    version: z.string(),
    started: moment,
    tenant: z.string(),
    store: z.object({
      engine: z.string(),
      shown: z.string().meta({ description: "Where, without a password." }),
      reads: z.enum(["up", "down"]),
      writes: z.enum(["up", "down"]),
      counts: z.boolean(),
      watched: z.boolean().meta({ description: "Whether it tells of changes: without it there are no events." }),
    }),
    memory: z.int().meta({ description: "Resident bytes of this process." }),
    idle: z.int().meta({ description: "ms without activity after which a session ends unless it says otherwise." }),
    absolute: z.int().meta({ description: "ms after which a session ends whatever happens." }),
  })
  .meta({ id: "Status" });

export const finding = z
  .object({
    id: z.string().meta({ description: 'Of the requirement, such as "ASVS 7.3.1".' }),
    area: z.string(),
    requirement: z.string(),
    verdict: z.enum(["met", "not met", "yours to decide"]),
    why: z.string(),
    fix: z.string().optional(),
  })
  .meta({ id: "Finding" });

export const findings = z.object({ findings: z.array(finding) });

export const webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(eventType),
    kinds: z.array(z.string()).optional().meta({ description: "Of which kinds of sessions; absent: of all." }),
    created: moment,
    last: z
      .object({ at: moment, ok: z.boolean(), status: z.int().optional(), why: z.string().optional(), failures: z.int().meta({ description: "In a row." }) })
      .optional()
      .meta({ description: "The last attempt." }),
    dropped: z.int().optional().meta({ description: "How many events were given up after a day." }),
    disabled: moment.optional().meta({ description: "When the target answered 410 Gone: since then nothing is sent there." }),
  })
  .meta({ id: "Webhook" });

export const newWebhook = webhook
  .extend({ secret: z.string().meta({ description: "By which deliveries are signed (HMAC-SHA256; Standard Webhooks). In this answer and nowhere else." }) })
  .meta({ id: "NewWebhook" });

export const consoleSession = z
  .object({
    name: z.string(),
    role: z.enum(roles),
    tenant: z.string(),
    authenticatedAt: moment,
    by: z
      .enum(["key", "oidc"])
      .meta({ description: "How they proved who they are, and have to prove it anew: with a key, or at the provider of OpenID Connect." }),
    freshUntil: moment.meta({ description: "Until then acts that ask for it need no new proof." }),
    expiresAt: moment,
  })
  .meta({ id: "ConsoleSession", description: "Who sits at the console." });

export const consoleOptions = z
  .object({
    keys: z.boolean().meta({ description: "With a key of one of the roles operator, auditor and admin." }),
    oidc: z.boolean().meta({ description: "With a provider of OpenID Connect; a browser begins at `/console/oidc/start`." }),
  })
  .meta({ id: "ConsoleOptions", description: "How people may log in at the console." });

export const applicationKey = z
  .object({
    id: z.string().meta({ description: "Says nothing of the key." }),
    name: z.string(),
    role: z.enum(roles),
    tenant: z.string(),
    created: moment,
  })
  .meta({ id: "ApplicationKey", description: "An application key as it may be seen: the key itself is known to who has it, and to nobody else." });

export const newApplicationKey = applicationKey
  .extend({ key: z.string().meta({ description: "The key, this once: only its hash is kept." }) })
  .meta({ id: "NewApplicationKey" });

export const problem = z
  .object({
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: "Stable: programs may switch on it." }),
    detail: z.string().meta({ description: "What is wrong, and the fix." }),
    field: z.string().optional().meta({ description: "Where, of a request that is wrong in one place." }),
  })
  .meta({ id: "Problem", description: "An answer in place of the asked-for one: problem details (RFC 9457)." });
