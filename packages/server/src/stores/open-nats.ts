import { clientPackage } from "./client-package.ts";
import { hostText, type NetworkAddress } from "./network-address.ts";
import { connected, type OpenedStore } from "./opened-store.ts";
import { readNamed, tlsOptions } from "./tls-options.ts";

const packages = ["@nats-io/transport-node@3", "@nats-io/jetstream@3"];

/** The store in NATS JetStream, of which this process holds a replica in memory. @throws {StartFailure} one line that names the setting and the fix */
export async function openNats(address: NetworkAddress): Promise<OpenedStore> {
  const { connect, credsAuthenticator } = await clientPackage(address, packages, () => import("@nats-io/transport-node"));
  const { jetstream } = await clientPackage(address, packages, () => import("@nats-io/jetstream"));
  const { natsStore } = await import("sojourn/stores/nats");
  return connected(address, async (opened) => {
    const { hosts, user, password, parameters, setting } = address;
    const tls = tlsOptions(address);
    const connection = await connect({
      servers: hosts.map(hostText),
      ...(user === undefined ? undefined : password === undefined ? { token: user } : { user, pass: password }),
      ...(parameters.creds === undefined
        ? undefined
        : { authenticator: credsAuthenticator(new TextEncoder().encode(readNamed(parameters.creds, "creds", setting))) }),
      ...(tls === undefined ? undefined : { tls }),
      name: "sojournd",
      timeout: 2_000,
      // For ever, also while the server does not know us: it may be being set up anew.
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 250,
      // A server that fell silent is given up after some seconds.
      pingInterval: 3_000,
      maxPingOut: 2,
    });
    opened(() => connection.close());
    return natsStore(
      { connection, jetstream: jetstream(connection) },
      {
        ...(parameters.bucket === undefined ? undefined : { bucket: parameters.bucket }),
        ...(parameters.replicas === undefined ? undefined : { replicas: Number(parameters.replicas) }),
        ...(parameters.reads === undefined ? undefined : { reads: parameters.reads as "fresh" | "replica" }),
      },
    );
  });
}
