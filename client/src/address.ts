// Addresses as people write them: RFC 5322, 3.4 (`name-addr`), with the dots of its obsolete syntax and with UTF-8 (RFC
// 6532). Whether the address itself is one is checked by the API.

import type { NamedAddress } from "./generated/index.js";

const SPECIALS = '()<>[]:;@\\,"';
/** A quoted string, or an atom with dots: what a name is made of. */
const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s()<>[\]:;@\\,"]+))\s*/gy;

/**
 * Reads `ada@example.com`, `Ada Lovelace <ada@example.com>` or `"Lovelace, Ada" <ada@example.com>`.
 *
 * @throws RangeError says what is wrong
 */
export function parseAddress(written: string): NamedAddress {
  const text = written.trim();
  if (/\p{Cc}/u.test(text)) throw new RangeError("must have no line breaks and no control characters");
  const bracket = text.lastIndexOf("<");
  if (!text.endsWith(">") || bracket < 0) {
    if (/[<>\s]/.test(text) || !text) throw new RangeError("must be an address, or a name and an <address>");
    return { mail: text };
  }
  const mail = text.slice(bracket + 1, -1).trim();
  if (!mail || /[>\s]/.test(mail)) throw new RangeError("must have one address between < and >");
  const name = parseName(text.slice(0, bracket));
  return name ? { mail, name } : { mail };
}

function parseName(phrase: string): string {
  const words: string[] = [];
  let read = 0;
  for (const [all, quoted, atom] of phrase.matchAll(WORD)) {
    words.push(atom ?? (quoted ?? "").replace(/\\(.)/g, "$1"));
    read += all.length;
  }
  if (phrase.slice(read).trim()) {
    throw new RangeError(
      `must have its name in quotes, as in "Doe, Jane" <jane@example.com>, if it has one of ${SPECIALS}`,
    );
  }
  return words.join(" ").trim();
}
