import { z } from "zod";
import { fields, moment } from "./parts.ts";
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
    ended: z
      .object({
        at: moment,
        reason: z.string().meta({ description: "closed, idle, absolute, revoked, limit, replaced, reuse, or one of the application's own." }),
        by: z.string().optional().meta({ description: "Who ended it, such as the name of a key." }),
      })
      .optional()
      .meta({ description: "Absent while it is live." }),
  })
  .meta({ id: "SessionInfo", description: "A session as it is seen from outside: no secret, no data." });

export const sessionPage = z
  .object({
    sessions: z.array(sessionInfo),
    next: z.string().optional().meta({ description: "What `after` is for the next page. Absent on the last." }),
  })
  .meta({ id: "SessionPage" });

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
