import { sojournClient, type Client } from "@sojourn/client";

/** The server that this page came from. Its cookie says who asks. */
export const client: Client = sojournClient({ address: location.origin, timeout: 15_000 });
