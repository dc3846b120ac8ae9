/** The octets of a body, of which no more than `most` are kept; `whole` tells whether that was all. The rest is not read. */
export async function octetsOfBody(body: ReadableStream<Uint8Array> | null, most: number): Promise<{ readonly octets: Uint8Array; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    chunks.push(read.value);
    length += read.value.length;
    if (length <= most) continue;
    await reader?.cancel();
    break;
  }
  return { octets: Buffer.concat(chunks, Math.min(length, most)), whole: length <= most };
}
