const sentence =
  "A page has more text than links, and most of its text is in paragraphs of some lines, with a <b>word</b> or an <i>other</i> that stands out. ";

/**
 * A page of about so many bytes with so many links, all of them to the site itself, so that each is written anew.
 * @param {number} bytes
 * @param {number} links
 */
export function pageOf(bytes, links) {
  const head = "<!doctype html><html lang=en><head><meta charset=utf-8><title>A page</title></head><body>\n";
  const room = Math.floor((bytes - head.length) / links);
  let page = head;
  for (let link = 0; link < links; link++) {
    const before = `<p class="text" id="p${link}">`;
    const after = `<a href="/articles/${link}?page=${link % 7}#part" rel="next">to article ${link}</a></p>\n`;
    const text = sentence.repeat(Math.ceil(room / sentence.length)).slice(0, Math.max(0, room - before.length - after.length));
    // A tag must not be cut in two.
    page += before + text.replace(/<[^>]*$/, "") + after;
  }
  return `${page}</body></html>\n`;
}

/**
 * As it would leave a server: in parts.
 * @param {string} page
 * @param {number} size characters.
 */
export function partsOf(page, size = 16_384) {
  return Array.from({ length: Math.ceil(page.length / size) }, (_, at) => page.slice(at * size, (at + 1) * size));
}
