import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "aws-cdk-lib/aws-lambda";
import { unzipSync } from "fflate";
import { Refused } from "./refused.ts";
import type { Architecture } from "./stage/stage.ts";

/** The code of the functions. Tests may use any code. */
export interface Programs {
  readonly api: Code;
  readonly worker: Code;
  readonly poster: Code;
}

/** `e_machine` of an ELF header: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Record<Architecture, number>> = { x86_64: 0x3e, arm64: 0xb7 };

/** The zips of `make build`, or of another folder with the same layout. */
export function programsFrom(folder: string, architecture: Architecture): Programs {
  const code = (name: string) => {
    const zip = join(folder, name, "bootstrap.zip");
    return Code.fromAsset(zip, { assetHash: checked(zip, architecture) });
  };
  return { api: code("api"), worker: code("worker"), poster: code("poster") };
}

/** No program: enough for commands that do not deploy, such as `cdk destroy`. */
export function noPrograms(): Programs {
  const code = (assetHash: string) => Code.fromAsset(import.meta.dirname, { assetHash, exclude: ["**"] });
  return { api: code("api"), worker: code("worker"), poster: code("poster") };
}

/** The hash of the zip's content: unlike the zip's own, it does not change with the time of day. */
function checked(zip: string, architecture: Architecture): string {
  if (!existsSync(zip)) throw new Refused(`${zip} is not there: make build`);
  const { bootstrap } = unzipSync(readFileSync(zip));
  if (bootstrap === undefined) throw new Refused(`${zip} holds no bootstrap`);
  const machine = machineOf(bootstrap);
  if (machine !== MACHINES[architecture]) {
    const built = Object.entries(MACHINES).find(([, known]) => known === machine)?.[0] ?? "no known machine";
    throw new Refused(`${zip} was built for ${built}, and the stack is for ${architecture}`);
  }
  return createHash("sha256").update(bootstrap).digest("hex");
}

function machineOf(program: Uint8Array): number | undefined {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const elf = program.byteLength >= 20 && view.getUint32(0) === 0x7f454c46;
  return elf ? view.getUint16(18, true) : undefined;
}
