import { program } from "./server.mjs";

/** @param {(request: Request, peer: string | undefined) => Promise<Response>} handle */
function listen(handle) {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => undefined }, (request, { remoteAddr }) => handle(request, remoteAddr.hostname));
}

const server = listen(
  program(async (handle) => {
    const site = listen(handle);
    return { url: `http://127.0.0.1:${site.addr.port}`, close: () => site.shutdown() };
  }),
);
console.log(JSON.stringify({ port: server.addr.port, version: Deno.version.deno }));
