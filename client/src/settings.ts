import { MmmsError } from "./error.js";

/** Whether this is a page in a browser. */
export function isPage(): boolean {
  return "document" in globalThis;
}

/** The value of an option or else of an environment variable, where there are some. */
export function setting<T>(option: T | undefined, variable: string): T | string | undefined {
  if (option) return option;
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[variable] || undefined;
}

/** Whether a header can have this value: `fetch` throws for others what it also throws without a network. */
export function isHeaderValue(value: string | undefined): boolean {
  return /^[ -~]*$/.test(value ?? "");
}

/** What is wrong with an option. */
export function wrong(option: string, variable: string, fault: string): MmmsError {
  const message = `${option} ${fault}: give it as an option, or set the environment variable ${variable}`;
  return new MmmsError(null, null, { type: "settings_error", message });
}

/** An address of MMMS without its last slashes. */
export function checkedUrl(url: string): string {
  const fault = wrong("baseUrl", "MMMS_URL", "must be an address such as https://mail.example.com");
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw fault;
  }
  if (!/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password || parsed.search) throw fault;
  return url.replace(/\/+$/, "");
}
