/** Characters of our token for a client of the load. The server without sessions is sent as many: what is compared must parse the same requests. */
export const tokenLength = 770;
