import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { Bucket } from "./bucket.ts";
import { metaKey } from "./keys.ts";
import { isUnheard, refusedRead } from "./nats-errors.ts";

/** What the stream of a new bucket is to be. */
export interface BucketSettings {
  readonly replicas: number | undefined;
  readonly storage: "file" | "memory" | undefined;
  readonly maxBytes: number | undefined;
}

/** Of a stream's configuration, what is looked at. */
interface StreamConfig {
  readonly subjects?: readonly string[];
  readonly retention?: string;
  readonly max_msgs_per_subject?: number;
  readonly max_age?: number;
  readonly max_msgs?: number;
  readonly discard?: string;
  readonly storage?: string;
  readonly num_replicas?: number;
  readonly sealed?: boolean;
  readonly deny_purge?: boolean;
  readonly allow_msg_ttl?: boolean;
  readonly mirror?: unknown;
}
export interface StreamInfo {
  readonly config: StreamConfig;
  readonly created: string;
  readonly state: { readonly last_seq: number };
}

/** The layout that this release writes. */
const layout = 1;
const streamNotFound = 10_059;
/** Another made the stream at the same moment, with other settings. */
const nameInUse = 10_058;

export function infoOf(bucket: Bucket, deadline?: number): Promise<StreamInfo> {
  return bucket.ask<StreamInfo>(`STREAM.INFO.${bucket.stream}`, {}, deadline);
}

/**
 * Makes the bucket where it is not there, and looks whether it is fit for sessions where it is.
 * @param version of the server. @throws {SojournError} `invalid_option`: its settings, or its layout; `store_unavailable`
 */
export async function openBucket(bucket: Bucket, wanted: BucketSettings, version: string): Promise<StreamInfo> {
  let info: StreamInfo;
  try {
    info = (await existing(bucket)) ?? (await made(bucket, wanted, version));
  } catch (error) {
    throw explained(error, bucket, wanted);
  }
  const faults = faultsOf(info.config, wanted, bucket);
  const release = faultOf(version, info.config.num_replicas ?? 1);
  if (release !== undefined) faults.push(release);
  if (faults.length > 0) throw unfit(bucket, faults);
  await agreeOnLayout(bucket);
  return info;
}

function unfit(bucket: Bucket, faults: readonly string[]): SojournError {
  return new SojournError(
    "invalid_option",
    `The NATS bucket ${bucket.name} cannot keep sessions: ${faults.join("; ")}. Change it with the nats tool, or give another bucket.`,
  );
}

async function existing(bucket: Bucket): Promise<StreamInfo | undefined> {
  try {
    return await infoOf(bucket);
  } catch (error) {
    if (codeOf(error) === streamNotFound) return undefined;
    throw error;
  }
}

async function made(bucket: Bucket, { replicas = 1, storage = "file", maxBytes = -1 }: BucketSettings, version: string): Promise<StreamInfo> {
  const release = faultOf(version, replicas);
  if (release !== undefined) throw unfit(bucket, [release]);
  const config = {
    name: bucket.stream,
    subjects: [`${bucket.prefix}>`],
    retention: "limits",
    max_msgs_per_subject: 1,
    max_bytes: maxBytes,
    // What is full refuses, instead of forgetting what is oldest.
    discard: "new",
    storage,
    num_replicas: replicas,
    // Any replica could answer then, with what it has; the leader alone knows what was acknowledged.
    allow_direct: false,
    ...(takesAway(version) && { allow_msg_ttl: true }),
  };
  try {
    return await bucket.ask<StreamInfo>(`STREAM.CREATE.${bucket.stream}`, config);
  } catch (error) {
    if (codeOf(error) !== nameInUse) throw error;
    return infoOf(bucket);
  }
}

/** From 2.11 on a message can say for how long it is to be kept. */
function takesAway(version: string): boolean {
  return !isBefore(version, [2, 11, 0]);
}

function isBefore(version: string, [major, minor, patch]: readonly [number, number, number]): boolean {
  const [x = 0, y = 0, z = 0] = version.split(/[.-]/).map(Number);
  return x !== major ? x < major : y !== minor ? y < minor : z < patch;
}

/** What is wrong with a release of the server: compare-and-set is all that keeps a change from being lost. */
function faultOf(version: string, replicas: number): string | undefined {
  if (isBefore(version, [2, 9, 0])) return `its server is ${version}, and 2.9 is the oldest that will do`;
  if (version === "2.10.19") return "its server is 2.10.19, whose compare-and-set is broken (nats-server #5841): upgrade it";
  if (replicas === 1 || !isBefore(version, [2, 10, 23])) return undefined;
  return `it has ${replicas} replicas, and its server is ${version}: before 2.10.23 two changes at once of a replicated bucket can both be accepted (nats-server #4320, #5794). Upgrade the servers, or use one replica`;
}

function faultsOf(config: StreamConfig, wanted: BucketSettings, bucket: Bucket): string[] {
  const faults: string[] = [];
  const subject = `${bucket.prefix}>`;
  if (config.mirror !== undefined && config.mirror !== null) faults.push("it is a mirror of another stream");
  else if (config.subjects?.length !== 1 || config.subjects[0] !== subject)
    faults.push(`its subjects are ${JSON.stringify(config.subjects)} instead of ["${subject}"]`);
  if (config.max_msgs_per_subject !== 1) faults.push(`its history is ${config.max_msgs_per_subject} instead of 1`);
  if ((config.max_age ?? 0) > 0) faults.push("it forgets what is older than its max_age, and with it live sessions: take max_age away");
  if ((config.max_msgs ?? -1) > 0 && config.discard !== "new") faults.push("it has max_msgs and discards the oldest");
  if (config.discard !== "new") faults.push('it discards the oldest sessions when it is full: set discard to "new"');
  if (config.retention !== "limits") faults.push(`its retention is ${config.retention} instead of limits`);
  if (config.sealed === true) faults.push("it is sealed");
  if (config.deny_purge === true) faults.push("it forbids purging, without which what sessions leave behind stays for ever");
  if (wanted.replicas !== undefined && (config.num_replicas ?? 1) < wanted.replicas)
    faults.push(`it has ${config.num_replicas} replicas, and replicas asks for ${wanted.replicas}`);
  if (wanted.storage !== undefined && config.storage !== wanted.storage)
    faults.push(`its storage is ${config.storage}, and storage asks for ${wanted.storage}`);
  return faults;
}

async function agreeOnLayout(bucket: Bucket): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const last = await bucket.last();
    const stored = await bucket.read(metaKey);
    if (stored !== undefined && stored.data.length > 0) {
      const found = layoutOf(stored.data);
      if (found === layout) return;
      const whose = typeof found === "number" && found > layout ? "a newer release wrote it: upgrade this one" : "it is not one of this library's";
      throw new SojournError(
        "invalid_option",
        `The NATS bucket ${bucket.name} has layout ${JSON.stringify(found)}, and this release reads ${layout}; ${whose}, or give another bucket.`,
      );
    }
    if (stored === undefined && last > 0) {
      throw new SojournError(
        "invalid_option",
        `The NATS bucket ${bucket.name} has keys and none that says its layout: it is somebody else's. Give another bucket.`,
      );
    }
    if ((await bucket.write(metaKey, JSON.stringify({ layout }), stored?.revision ?? 0)) !== undefined) return;
  }
  throw storeUnavailable(`the layout of the bucket ${bucket.name} could not be agreed on`);
}

function layoutOf(data: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(data)) as { readonly layout?: unknown }).layout;
  } catch {
    return "unreadable";
  }
}

function explained(error: unknown, bucket: Bucket, { replicas }: BucketSettings): unknown {
  if (error instanceof SojournError) return error;
  const { message = String(error) } = error as { readonly message?: string };
  if (isUnheard(error))
    return storeUnavailable(
      "JetStream is not enabled on the NATS server or for this account: start nats-server with -js, or give the account jetstream",
      error,
    );
  if (/not enabled/i.test(message)) return storeUnavailable(`JetStream is not enabled for this account (${message}): give the account jetstream`, error);
  if (/replicas|no suitable peers|insufficient/i.test(message))
    return storeUnavailable(`a bucket with ${replicas ?? 1} replicas cannot be made (${message}): it needs as many servers in the cluster`, error);
  return refusedRead(error, `opening the bucket ${bucket.name}`, bucket.name);
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
