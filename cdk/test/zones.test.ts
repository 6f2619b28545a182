import { describe, expect, test } from "vitest";
import { faultOfZones, type Offered, zonesWithAll } from "../lib/zones.ts";

/** The state of us-east-1: SES's endpoint is in two of six zones. */
const OFFERED: Offered = {
  email: ["us-east-1b", "us-east-1d"],
  secretsmanager: ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"],
  sqs: ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"],
};

describe("zones of the endpoints", () => {
  test("are those with all three", () => {
    expect(zonesWithAll(OFFERED)).toEqual(["us-east-1b", "us-east-1d"]);
    expect(zonesWithAll({ ...OFFERED, sqs: [] })).toEqual([]);
    expect(zonesWithAll({ email: ["us-east-1a"] })).toEqual([]);
  });

  test("are accepted if AWS offers every endpoint in them", () => {
    expect(faultOfZones(["us-east-1d", "us-east-1b"], OFFERED)).toBeUndefined();
    expect(faultOfZones(["us-east-1b"], OFFERED)).toBeUndefined();
  });

  test("that lack one are refused, with the suitable zones", () => {
    const fault = faultOfZones(["us-east-1a", "us-east-1b"], OFFERED);
    expect(fault).toContain("the endpoint of email in us-east-1a.");
    expect(fault).toContain("begin with 2 of these: us-east-1b, us-east-1d");
  });

  test("that are too few are refused, with the remedy", () => {
    const one = { ...OFFERED, email: ["us-east-1b"] };
    expect(faultOfZones(["us-east-1a", "us-east-1b"], one)).toContain("set exitZones to 1");
    expect(faultOfZones(["us-east-1a"], { ...OFFERED, email: [] })).toContain("set exit to nat");
  });
});
