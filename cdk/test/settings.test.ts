import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { maxConnections, needsProxy, peakInstances } from "../lib/stage/capacity.ts";
import { resolveStage } from "../lib/stage/resolve.ts";
import { readSettingsFile } from "../lib/stage/settings.ts";
import { RESULT_STATUSES } from "../lib/stage/stage.ts";
import { STAGES } from "../lib/stage/stages.ts";

describe("settings", () => {
  test("the command line takes precedence over the file, and the file over the stage", () => {
    const stage = resolveStage("prod", { apiRate: 50, logDays: 30 }, { apiRate: "60" });
    expect(stage.api.rate).toBe(60);
    expect(stage.retention.logDays).toBe(30);
    expect(stage.api.burst).toBe(STAGES.prod?.api.burst);
  });

  test("text and values mean the same", () => {
    const text = resolveStage(
      "dev",
      {},
      { sandbox: "false", standby: "true", maxSendRate: "14", databaseProxy: "true" },
    );
    const values = resolveStage("dev", { sandbox: false, standby: true, maxSendRate: 14, databaseProxy: true });
    expect(text).toEqual(values);
    expect(text).toMatchObject({ sandbox: false, maxSendRate: 14, database: { standby: true, proxy: true } });
  });

  test("all faults are reported together, each with the name of its setting", () => {
    const set = {
      maxSendrate: "1",
      senderDomain: "Example.com",
      apiRate: "0",
      workerConcurrency: "1",
      eventConcurrency: "1",
      webhooks: "perhaps",
      webhookConcurrency: "1",
      eventDays: "0",
      resultStatuses: "sent,queued",
      logDays: "8",
      sandbox: "maybe",
    };
    const refused = () => resolveStage("dev", {}, set);
    for (const name of Object.keys(set)) expect(refused).toThrow(name);
    expect(refused).toThrow("maxSendrate: there is no such setting");
  });

  test("an id that does not have AWS's form is refused", () => {
    expect(() => resolveStage("dev", { vpcId: "vpc-1" })).toThrow("vpcId: is no id of a vpc");
    expect(() => resolveStage("dev", { dataSubnetIds: "subnet-00000001,vpc-00000001" })).toThrow(
      "is no id of a subnet",
    );
  });

  test("an unknown stage is refused with a list of the stages", () => {
    expect(() => resolveStage("production")).toThrow("there is no production, but dev, prod, emulator");
  });

  test.each([
    [{ domain: "mail.example.com" }, "needs certificateArn, or hostedZoneId"],
    [{ certificateArn: "arn:aws:acm:x" }, "need domain"],
    [{ domain: "mail.example.com", hostedZoneId: "Z1" }, "each needs the other"],
    [{ domain: "mail.example.com", hostedZoneId: "Z1", hostedZoneName: "example.org" }, "is not in the zone"],
    [{ senderHostedZoneId: "Z1" }, "needs senderDomain"],
    [{ vpcId: "vpc-00000001", exit: "nat" }, "its own way out"],
    [
      {
        vpcId: "vpc-00000001",
        availabilityZones: "eu-central-1a,eu-central-1b",
        applicationSubnetIds: "subnet-00000001",
        dataSubnetIds: "subnet-00000002,subnet-00000003",
      },
      "one of each kind",
    ],
    [{ dataSubnetIds: "subnet-00000002,subnet-00000003" }, "needs vpcId"],
    [{ availabilityZones: "use1-az1,use1-az2" }, "is no name of an availability zone"],
    [{ availabilityZones: "us-east-1a,us-east-1a" }, "names a zone twice"],
    [{ availabilityZones: "us-east-1a" }, "two or three zones"],
    [{ exitZones: 3 }, "only 2 zones"],
    [{ storageGiB: 100, maxStorageGiB: 105 }, "a tenth more"],
    [{ mailDays: 30, keepDays: 29 }, "has to be at least mailDays, 30"],
    [{ keepDays: 20, mailDays: 7, eventDays: 21 }, "eventDays: has to be at most keepDays, 20"],
    [{ webhooks: true }, "find 0 instances of the API"],
    [{ webhooks: true, accountConcurrency: 20, webhookConcurrency: 9 }, "find 3 instances of the API"],
    [{ apiRate: 30, apiBurst: 20 }, "is less than apiRate"],
    [{ workerConcurrency: 9, workerReserved: true }, "keeps 13 instances"],
    [{ apiRate: 4, apiBurst: 5 }, "find 4 instances of the API"],
    [{ eventConcurrency: 3 }, "find 3 instances of the API"],
    [{ workerConcurrency: 20 }, "find 0 instances of the API"],
  ])("%j is refused: %s", (set, words) => {
    expect(() => resolveStage("dev", set)).toThrow(words);
  });

  test("mailings are kept for 400 days, or for as long as their addresses", () => {
    expect(resolveStage("dev").retention.keepDays).toBe(400);
    expect(resolveStage("dev", { mailDays: 3_650 }).retention.keepDays).toBe(3_650);
    expect(resolveStage("dev", { mailDays: 30, keepDays: 30 }).retention.keepDays).toBe(30);
  });

  test("events are kept for 30 days, or for as long as their mailings", () => {
    expect(resolveStage("dev").retention.eventDays).toBe(30);
    expect(resolveStage("dev", { keepDays: 10 }).retention.eventDays).toBe(10);
    expect(resolveStage("dev", { eventDays: 90 }).retention.eventDays).toBe(90);
  });

  test("the statuses of results are those that the programs know, each once", () => {
    expect(resolveStage("dev").resultStatuses).toBeUndefined();
    const stage = resolveStage("dev", {}, { resultStatuses: "sent,failed,bounced,sent" });
    expect(stage.resultStatuses).toEqual(["sent", "failed", "bounced"]);
    const known = readFileSync(join(import.meta.dirname, "..", "..", "entity", "src", "recipient.rs"), "utf8");
    const names = known.split("pub enum Status {")[1]?.split("}")[0]?.match(/\w+/g) ?? [];
    const ends = names.map((name) => name.toLowerCase()).filter((name) => !["queued", "sending"].includes(name));
    expect([...RESULT_STATUSES].sort()).toEqual(ends.sort());
  });

  test("a file that is not an object of settings for each stage is refused by name", () => {
    const file = join(mkdtempSync(join(tmpdir(), "settings-")), "settings.json");
    expect(readSettingsFile(file)).toEqual({});
    writeFileSync(file, '{"dev": {"logDays": 30}}');
    expect(readSettingsFile(file)).toEqual({ dev: { logDays: 30 } });
    for (const wrong of ["{dev", '{"dev": 30}', "[]"]) {
      writeFileSync(file, wrong);
      expect(() => readSettingsFile(file)).toThrow(file);
    }
  });
});

describe("capacity", () => {
  test("connections follow the memory of the instance, ten MiB each", () => {
    expect(maxConnections(resolveStage("dev"))).toBe(102);
    expect(maxConnections(resolveStage("prod"))).toBe(409);
    expect(maxConnections(resolveStage("prod", { databaseInstance: "m7g.4xlarge" }))).toBe(5000);
  });

  test("there is a proxy if the functions may need more connections than there are", () => {
    const grown = { accountConcurrency: 1000, apiRate: 50, apiBurst: 50 };
    expect(peakInstances(resolveStage("dev"))).toBe(10);
    expect(needsProxy(resolveStage("dev"))).toBe(false);
    expect(peakInstances(resolveStage("dev", grown))).toBe(106);
    expect(needsProxy(resolveStage("dev", grown))).toBe(true);
    expect(needsProxy(resolveStage("dev", { ...grown, apiReservedConcurrency: 50 }))).toBe(false);
    expect(needsProxy(resolveStage("prod"))).toBe(true);
    expect(needsProxy(resolveStage("prod", { databaseInstance: "m7g.large" }))).toBe(false);
  });

  test("the user's setting decides about the proxy", () => {
    expect(needsProxy(resolveStage("prod", { databaseProxy: false }))).toBe(false);
    expect(needsProxy(resolveStage("dev", { databaseProxy: true }))).toBe(true);
  });
});

test("the emulator's stage is dev, except for the values that it lists", () => {
  const { dev, emulator } = STAGES;
  const differing = Object.keys({ ...dev, ...emulator }).filter(
    (key) => emulator?.[key as keyof typeof emulator] !== dev?.[key as keyof typeof dev],
  );
  expect(differing.sort()).toEqual(["accountConcurrency", "name", "sender", "webhooks"]);
});
