import { z } from "zod";
import { applicationKey, consoleOptions, consoleSession, feedEvent, findings, newApplicationKey, newWebhook, now, serverStatus, webhook } from "./answers.ts";
import type { Operation } from "./operation.ts";
import { anObject, eventId, keyName, keyText, kind, role, webhookEvents, webhookUrl } from "./parts.ts";
import { admins, seers, watchers } from "./roles.ts";

const anId = z.strictObject({ id: z.string() });

/** What can be asked about the server, and by whom. */
export const serverOperations = {
  createKey: {
    tag: "Application keys",
    summary: "Makes an application key",
    description: "For the tenant of the key with which this is asked. It is in this answer and nowhere else.",
    roles: admins,
    fresh: true,
    body: z.strictObject({ name: keyName, role: role.optional().meta({ description: 'What it may do. Default: "app".' }) }, anObject),
    status: 201,
    answer: newApplicationKey,
  },
  listKeys: {
    tag: "Application keys",
    summary: "Lists the application keys",
    description: "Of the tenant of the key with which this is asked.",
    roles: admins,
    status: 200,
    answer: z.object({ keys: z.array(applicationKey) }),
  },
  revokeKey: {
    tag: "Application keys",
    summary: "Makes a key void, at once and everywhere",
    roles: admins,
    fresh: true,
    parameters: anId,
    status: 204,
    problems: { 404: ["not_found"] },
  },
  events: {
    tag: "Events",
    summary: "Tells what happens to sessions, anywhere on the store",
    description:
      "From now on, or from after the event that `Last-Event-ID` names. Endings are told at least once: where the store no longer knows what came after that, those that are still kept are told again. A line of comment comes every 15 seconds. A listener that does not read is let go.",
    roles: seers,
    query: z.strictObject({ kind: kind.optional().meta({ description: "Only of this kind." }), after: eventId.optional() }),
    status: 200,
    stream: feedEvent,
    problems: { 501: ["not_supported"] },
  },
  now: {
    tag: "The server",
    summary: "Tells how many sessions live, begin and end, and how the store does",
    description: "Of the tenant of the key, as far as this process has seen it since it began.",
    roles: watchers,
    status: 200,
    answer: now,
  },
  followNow: {
    tag: "The server",
    summary: "Tells it once a second",
    roles: watchers,
    status: 200,
    stream: now,
  },
  status: {
    tag: "The server",
    summary: "Tells how this server is set up, and how it does",
    roles: watchers,
    status: 200,
    answer: serverStatus,
  },
  doctor: {
    tag: "The server",
    summary: "Judges the configuration",
    description: "By OWASP ASVS 5.0 and NIST SP 800-63B-4.",
    roles: watchers,
    status: 200,
    answer: findings,
  },
  createWebhook: {
    tag: "Webhooks",
    summary: "Sends events to a URL from now on",
    description: "Signed as Standard Webhooks says, at least once, again after failures for a day. The secret is in this answer and nowhere else.",
    roles: admins,
    fresh: true,
    body: z.strictObject(
      {
        url: webhookUrl,
        events: webhookEvents.optional().meta({ description: "Default: created and ended." }),
        kinds: z.array(kind, "a list of kinds").min(1, "a list of at least one").max(20, "a list of at most 20").optional(),
      },
      anObject,
    ),
    status: 201,
    answer: newWebhook,
    problems: { 429: ["limit_reached"], 501: ["not_supported"] },
  },
  listWebhooks: {
    tag: "Webhooks",
    summary: "Lists the webhooks, and how each last went",
    roles: [...admins, "auditor"],
    status: 200,
    answer: z.object({ webhooks: z.array(webhook) }),
  },
  deleteWebhook: {
    tag: "Webhooks",
    summary: "Sends no more events there",
    roles: admins,
    fresh: true,
    parameters: anId,
    status: 204,
    problems: { 404: ["not_found"] },
  },
  openConsole: {
    tag: "The console",
    summary: "Begins a person's session at the console, or proves again who they are",
    description: "With a key of one of the roles operator, auditor and admin. The session comes as a cookie.",
    body: z.strictObject({ key: keyText }, anObject),
    status: 200,
    answer: consoleSession,
    problems: { 401: ["invalid_key"], 403: ["forbidden"], 429: ["too_many_requests"], 501: ["not_supported"], 503: ["store_unavailable"] },
  },
  showConsole: {
    tag: "The console",
    summary: "Tells who sits at the console",
    status: 200,
    answer: consoleSession,
    problems: { 401: ["session_missing"], 501: ["not_supported"], 503: ["store_unavailable"] },
  },
  closeConsole: {
    tag: "The console",
    summary: "Ends that session",
    status: 204,
    problems: { 401: ["session_missing"], 403: ["forbidden"], 501: ["not_supported"], 503: ["store_unavailable"] },
  },
  consoleOptions: {
    tag: "The console",
    summary: "Tells how people may log in at the console",
    status: 200,
    answer: consoleOptions,
    problems: { 501: ["not_supported"] },
  },
  openApi: {
    tag: "The server",
    summary: "This document",
    status: 200,
    answer: z.looseObject({ openapi: z.string() }),
  },
  health: {
    tag: "The server",
    summary: "The process answers",
    status: 200,
    answer: z.object({ status: z.literal("ok") }),
  },
  readiness: {
    tag: "The server",
    summary: "Sessions can be kept and found",
    status: 200,
    answer: z.object({ status: z.literal("ready") }),
    problems: { 503: ["store_unavailable"] },
  },
  metrics: {
    tag: "The server",
    summary: "What the server measures of itself, for Prometheus",
    description: "In the text exposition format 0.0.4. It is of all tenants together: a key of tenant main is needed.",
    roles: watchers,
    status: 200,
    plain: "text/plain",
  },
} as const satisfies Readonly<Record<string, Operation>>;
