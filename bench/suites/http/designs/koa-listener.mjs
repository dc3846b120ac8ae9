/**
 * Koa as node:http takes it.
 * @param {import("koa")} app
 * @returns {import("node:http").RequestListener}
 */
export function listenerOf(app) {
  const listener = app.callback();
  return (request, response) => void listener(request, response);
}
