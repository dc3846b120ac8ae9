/** Every record of a query, page by page. @param {import("sojourn").Store} store @param {import("sojourn").Query} query @param {import("sojourn").Page} [page] */
export async function everyRecord(store, query, page = {}) {
  const records = [];
  /** @type {import("sojourn").Cursor | undefined} */
  let after;
  do {
    const found = await store.find(query, after === undefined ? page : { ...page, after });
    records.push(...found.records);
    after = found.next;
  } while (after !== undefined);
  return records;
}
