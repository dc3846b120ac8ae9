import { run } from "./sojournd.fixture.ts";

/** A session as a client that began it knows it. */
export interface Made {
  readonly id: string;
  readonly token: string;
}

/** Calls the API of a server that runs as a process. */
export interface ApiClient {
  call(address: string, method: string, path: string, token?: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Begins a session, or tells why not. */
  begin(address: string, body?: object): Promise<Made>;
}

/** A client with a fresh key of that data folder. */
export async function apiClient(data: string): Promise<ApiClient> {
  return clientWith((await run(["keys", "new", "--data", data])).out.trim());
}

/** A client with an application key. */
export function clientWith(key: string): ApiClient {
  const call: ApiClient["call"] = async (address, method, path, token, body) => {
    const response = await fetch(address + path, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...(token === undefined ? undefined : { "Sojourn-Session": token }) },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };
  return {
    call,
    async begin(address, body = {}) {
      const { status, body: made } = await call(address, "POST", "/v1/sessions", undefined, body);
      if (status !== 201) throw new Error(`No session was made: ${JSON.stringify(made)}`);
      return made as unknown as Made;
    },
  };
}
