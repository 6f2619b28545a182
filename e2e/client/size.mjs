// How much a page loads, minified and gzipped. The argument is the folder of the client, whose bundler is used.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

const { build } = createRequire(process.argv[2])("esbuild");

const LARGEST = {
  'import { createClient, sendMail } from "mmms-client"; globalThis.used = [createClient, sendMail];': 5_000,
  'import { Mmms } from "mmms-client"; globalThis.used = Mmms;': 10_000,
};

for (const [contents, largest] of Object.entries(LARGEST)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`${size} bytes: ${contents}`);
  assert.ok(size < largest, `${size} bytes, of at most ${largest}: ${contents}`);
}
