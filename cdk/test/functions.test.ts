import { describe, expect, test } from "vitest";
import { FULL, Match, ours, resource, resources, serving, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod", FULL);

describe.each([
  ["dev", dev],
  ["prod", prod],
])("the functions of %s", (_, of) => {
  test("run our programs on provided.al2023, traced, with the stage's architecture", () => {
    ours(of).resourceCountIs("AWS::Lambda::Function", 3);
    ours(of).allResourcesProperties("AWS::Lambda::Function", {
      Runtime: "provided.al2023",
      Handler: "bootstrap",
      Architectures: ["x86_64"],
      TracingConfig: { Mode: "Active" },
    });
  });

  test("have the time that they need: the API less than API Gateway's 30 s, the worker a minute", () => {
    expect(resource(of, "AWS::Lambda::Function", "Api")[1].Properties.Timeout).toBe(29);
    expect(resource(of, "AWS::Lambda::Function", "Worker")[1].Properties.Timeout).toBe(60);
  });

  test("write into log groups of their own, with a retention period", () => {
    const groups = Object.keys(resources(of, "AWS::Logs::LogGroup"));
    for (const name of ["Api", "Worker", "Migration"]) {
      const [, { Properties }] = resource(of, "AWS::Lambda::Function", name);
      expect(groups).toContain(Properties.LoggingConfig.LogGroup.Ref);
      expect(Properties.LoggingConfig.LogGroup.Ref).toMatch(new RegExp(`^${name}ServiceLogs`));
    }
    for (const { Properties } of Object.values(resources(of, "AWS::Lambda::Function"))) {
      expect(groups).toContain(Properties.LoggingConfig.LogGroup.Ref);
    }
    const days = of === dev ? 14 : 90;
    of.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: days });
  });

  test("know their queues, and no secret but by its ARN", () => {
    for (const { Properties } of Object.values(resources(serving(of), "AWS::Lambda::Function"))) {
      const { Variables } = Properties.Environment;
      expect(Variables.MAIL_QUEUE_URL.Ref).toMatch(/^QueuesProcessing[0-9A-F]{8}$/);
      expect(Variables.MAIL_RESULT_QUEUE_URL.Ref).toMatch(/^QueuesResults[0-9A-F]{8}$/);
      const [name] =
        Object.entries(resources(of, "AWS::Lambda::Function")).find(([, one]) => one.Properties === Properties) ?? [];
      if (name?.startsWith("Worker")) expect(Variables.MAIL_EVENT_QUEUE_URL.Ref).toMatch(/^QueuesEvents[0-9A-F]{8}$/);
      else expect(Variables.MAIL_EVENT_QUEUE_URL).toBeUndefined();
      expect(Object.keys(Variables).filter((name) => /TOKEN|PASSWORD|DATABASE_URL/.test(name))).toEqual([]);
    }
  });
});

test("arm64 is a setting", () => {
  ours(template("dev", { architecture: "arm64" })).allResourcesProperties("AWS::Lambda::Function", {
    Architectures: ["arm64"],
  });
});

test("the admin token is generated, and the API alone knows its secret", () => {
  const [secret, { Properties, DeletionPolicy }] = resource(prod, "AWS::SecretsManager::Secret", "Api");
  expect(Properties.GenerateSecretString).toEqual({ PasswordLength: 43, ExcludePunctuation: true });
  expect(DeletionPolicy).toBe("RetainExceptOnCreate");
  const variables = (name: string) => resource(prod, "AWS::Lambda::Function", name)[1].Properties.Environment.Variables;
  expect(variables("Api").ADMIN_SECRET_NAME).toEqual({ Ref: secret });
  expect(variables("Worker").ADMIN_SECRET_NAME).toBeUndefined();
});

test("settings of the functions reach both", () => {
  const set = template("dev", {
    maxSendRate: 14,
    mailDays: 3,
    keepDays: 90,
    eventDays: 60,
    resultStatuses: "sent,failed,delivered",
    senderDomain: "example.com",
    apiMemoryMiB: 256,
  });
  const [configurationSet] = resource(set, "AWS::SES::ConfigurationSet", "Sender");
  serving(set).allResourcesProperties("AWS::Lambda::Function", {
    Environment: {
      Variables: Match.objectLike({
        MAX_SEND_RATE: "14",
        RETENTION_DAYS: "3",
        KEEP_DAYS: "90",
        EVENT_DAYS: "60",
        RESULT_STATUSES: "sent,failed,delivered",
        SES_CONFIGURATION_SET: { Ref: configurationSet },
      }),
    },
  });
  expect(resource(set, "AWS::Lambda::Function", "Api")[1].Properties.MemorySize).toBe(256);
  expect(resource(set, "AWS::Lambda::Function", "Worker")[1].Properties.MemorySize).toBe(512);
});

test("reserved concurrency is used if it is set", () => {
  const reserved = template("dev", { accountConcurrency: 100, apiReservedConcurrency: 7 });
  expect(resource(reserved, "AWS::Lambda::Function", "Api")[1].Properties.ReservedConcurrentExecutions).toBe(7);
  expect(
    resource(reserved, "AWS::Lambda::Function", "Worker")[1].Properties.ReservedConcurrentExecutions,
  ).toBeUndefined();
});
