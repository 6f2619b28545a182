// The links of a mail, and which of them lead nowhere.

/** Of the HTML as they stand there, also broken ones; of the text what mail programs make links of. */
export function linksOf({ html, text }) {
  const quoted = [...(html ?? "").matchAll(/<(?:a|area)\b[^>]*?\shref\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/gi)].map(
    ([, href]) => decoded(/^["']/.test(href) ? href : `"${href}"`),
  );
  const plain = [...(text ?? "").matchAll(/\bhttps?:\/\/[^\s<>"')\]]+/gi)].map(([address]) =>
    address.replace(/[.,;:!?]+$/, ""),
  );
  return [...new Set([...quoted, ...plain])].filter((address) => !ELSEWHERE.test(address));
}

/** They open no web page: a place in the same mail, another mail, a telephone. */
const ELSEWHERE = /^(?:#.|mailto:|tel:|sms:|cid:)/i;

/** What is wrong with an address, in a few words; nothing where a mail program can open it. */
export function faultOfLink(address) {
  if (address === "" || address === "#") return "it leads nowhere";
  if (/\{\{|\}\}/.test(address)) return "a placeholder in it was not filled in";
  if (/\s/.test(address)) return "there is a blank in it, and mail programs end it there or refuse it";
  if (!/^https?:/i.test(address)) return "it is no web address: it has to begin with https://";
  if (!/^https?:\/\/[^/?#]/i.test(address)) return "it names no host";
  if (/%(?![0-9a-f]{2})/i.test(address)) return "there is a % in it that has to be %25";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[<>"\\\x00-\x1f\x7f]/.test(address)) return "there is a sign in it that no web address may have";
  return URL.canParse(address) ? null : "it is no valid web address";
}

// Never the whole mail: even an inert document reports inline styles to the page's policy.
const decoded = (quoted) =>
  new DOMParser().parseFromString(`<a href=${quoted}>`, "text/html").querySelector("a").getAttribute("href");
