import { program } from "./server.mjs";

/** @param {(request: Request, peer: string | undefined) => Promise<Response>} handle */
function listen(handle) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    idleTimeout: 60,
    fetch: (request, server) => handle(request, server.requestIP(request)?.address),
  });
}

const { port } = listen(
  program(async (handle) => {
    const site = listen(handle);
    return { url: `http://127.0.0.1:${site.port}`, close: () => site.stop(true) };
  }),
);
console.log(JSON.stringify({ port, version: Bun.version }));
