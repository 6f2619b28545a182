import { expect, test } from "vitest";
import { FULL, template } from "./stack.ts";

// cfn-lint and checkov read these files too (scripts/check). `vitest run --update` writes them again.
test.each([
  ["dev", {}],
  ["prod", FULL],
  ["emulator", {}],
])("the template of %s", async (stage, settings) => {
  const json = JSON.stringify(template(stage, settings).toJSON(), null, 2);
  await expect(`${json}\n`).toMatchFileSnapshot(`snapshots/${stage}.json`);
});
