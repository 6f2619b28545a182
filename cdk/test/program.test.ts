import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { programsFrom } from "../lib/program.ts";

/** A folder like that of `make build`, with these bytes as each program. */
function folder(bootstrap: Uint8Array, name = "bootstrap"): string {
  const root = mkdtempSync(join(tmpdir(), "programs-"));
  for (const program of ["api", "worker", "poster"]) {
    mkdirSync(join(root, program));
    writeFileSync(join(root, program, "bootstrap.zip"), zipSync({ [name]: bootstrap }));
  }
  return root;
}

function elf(machine: number): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46]);
  new DataView(header.buffer).setUint16(18, machine, true);
  return header;
}

const X86_64 = elf(62);
const ARM64 = elf(183);

test("zips of the stage's architecture are accepted", () => {
  expect(() => programsFrom(folder(X86_64), "x86_64")).not.toThrow();
  expect(() => programsFrom(folder(ARM64), "arm64")).not.toThrow();
});

test.each([
  [ARM64, "x86_64", "was built for arm64, and the stack is for x86_64"],
  [X86_64, "arm64", "was built for x86_64, and the stack is for arm64"],
  [elf(8), "arm64", "was built for no known machine"],
  [strToU8("#!/bin/sh\necho no program at all\n"), "x86_64", "was built for no known machine"],
  [new Uint8Array(3), "x86_64", "was built for no known machine"],
] as const)("others are refused (%#)", (bootstrap, architecture, words) => {
  expect(() => programsFrom(folder(bootstrap), architecture)).toThrow(words);
});

test("a zip without a program, and a missing zip, are refused by name", () => {
  expect(() => programsFrom(folder(X86_64, "main"), "x86_64")).toThrow("holds no bootstrap");
  expect(() => programsFrom(tmpdir(), "x86_64")).toThrow("is not there: make build");
});
