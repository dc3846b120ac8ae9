/**
 * What every design of node:http answers with: one header block, one body.
 * @param {import("node:http").ServerResponse} response
 * @param {unknown} value
 */
export function answer(response, value) {
  const body = JSON.stringify(value);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

/** @param {import("node:http").ServerResponse} response */
export function notFound(response) {
  response.writeHead(404, { "content-length": 0 });
  response.end();
}

/**
 * A handler that failed answers 500, which ends the run.
 * @param {import("node:http").ServerResponse} response
 */
export function failing(response) {
  return (/** @type {unknown} */ error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  };
}
