// Runs a script of checks in headless Chromium. The first argument is the server's address. Every
// page is watched: an error on its console, an uncaught exception or a request that leaves for
// another host fails the run, however the checks go.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const STEP_MS = 20_000;
const RUN_MS = 150_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
  "--disable-gpu",
];

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(directory, "chromium");
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next directory may have it.
    }
  }
  throw new Error("no chromium on PATH; name one in CHROMIUM");
}

/** Fails the run unless `holds`, else prints what was checked. */
export function check(what, holds, found) {
  if (!holds) throw new Error(`${what}${found === undefined ? "" : `: found ${JSON.stringify(found)}`}`);
  console.log(`ok  ${what}`);
}

/** Asks `probe` again and again until its answer is true. */
export async function eventually(what, probe) {
  const end = Date.now() + STEP_MS;
  let found;
  while (Date.now() < end) {
    found = await probe();
    if (found === true) return check(what, true);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`${what}: not within ${STEP_MS / 1000} s, found ${JSON.stringify(found)}`);
}

function watch(context, hosts, faults, tolerates) {
  const departed = new Map();
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && !hosts.includes(origin))
      departed.set(request, `request to another host: ${request.url()}`);
  });
  // A request that the policy blocks never leaves, but Chromium reports it all the same.
  context.on("requestfailed", (request) => {
    if (request.failure()?.errorText === "csp") departed.delete(request);
  });
  context.on("weberror", (error) => faults.push(`uncaught in the page: ${error.error().message}`));
  context.on("console", (message) => {
    const entry = { text: message.text(), url: message.location().url };
    if (message.type() === "error" && !tolerates(entry))
      faults.push(`error on the console: ${entry.text} (${entry.url})`);
  });
  return () => departed.values();
}

/** Runs `steps({ base, open, browser })`; `open` gives a page in a context of its own, which may also ask `beside`. */
export async function run(steps) {
  const base = new URL(process.argv[2] ?? "").origin;
  const late = setTimeout(() => {
    console.error(`FAILED  not finished within ${RUN_MS / 1000} s`);
    process.exit(1);
  }, RUN_MS);
  const browser = await chromium.launch({ executablePath: executable(), args: FLAGS });
  const faults = [];
  const departures = [];
  const open = async ({ tolerates = () => false, beside = [], ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(STEP_MS);
    departures.push(watch(context, [base, ...beside], faults, tolerates));
    return context.newPage();
  };
  try {
    await steps({ base, open, browser });
  } catch (error) {
    console.error(`FAILED  ${error.stack}`);
    process.exitCode = 1;
  }
  await browser.close();
  clearTimeout(late);
  faults.push(...departures.flatMap((of) => [...of()]));
  for (const fault of faults) console.error(`FAILED  ${fault}`);
  if (faults.length) process.exitCode = 1;
  else if (!process.exitCode) console.log("ok  no console error, no uncaught exception, no request to another host");
}
