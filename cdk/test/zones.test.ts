import { describe, expect, test } from "vitest";
import { faultOfZones, type Offered, zonesWithAll } from "../lib/zones.ts";

/** As us-east-1 is: SES's endpoint in two zones of six. */
const OFFERED: Offered = {
  email: ["us-east-1b", "us-east-1d"],
  secretsmanager: ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"],
  sqs: ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"],
};

describe("zones of the endpoints", () => {
  test("are those that have all three", () => {
    expect(zonesWithAll(OFFERED)).toEqual(["us-east-1b", "us-east-1d"]);
    expect(zonesWithAll({ ...OFFERED, sqs: [] })).toEqual([]);
    expect(zonesWithAll({ email: ["us-east-1a"] })).toEqual([]);
  });

  test("do where every endpoint can be had in them", () => {
    expect(faultOfZones(["us-east-1d", "us-east-1b"], OFFERED)).toBeUndefined();
    expect(faultOfZones(["us-east-1b"], OFFERED)).toBeUndefined();
  });

  test("that lack one are refused, with those that will do", () => {
    const fault = faultOfZones(["us-east-1a", "us-east-1b"], OFFERED);
    expect(fault).toContain("the endpoint of email in us-east-1a.");
    expect(fault).toContain("begin with 2 of these: us-east-1b, us-east-1d");
  });

  test("that are too few are said, with the way out", () => {
    const one = { ...OFFERED, email: ["us-east-1b"] };
    expect(faultOfZones(["us-east-1a", "us-east-1b"], one)).toContain("set exitZones to 1");
    expect(faultOfZones(["us-east-1a"], { ...OFFERED, email: [] })).toContain("set exit to nat");
  });
});
