import { test } from "vitest";
import { FULL, Match, resource, serving, template } from "./stack.ts";

const prod = template("prod", FULL);

test("a sender domain gets its identity with DKIM, a MAIL FROM of its own and a configuration set", () => {
  const [set] = resource(prod, "AWS::SES::ConfigurationSet", "Sender");
  prod.hasResourceProperties("AWS::SES::EmailIdentity", {
    EmailIdentity: "example.com",
    ConfigurationSetAttributes: { ConfigurationSetName: { Ref: set } },
    MailFromAttributes: { MailFromDomain: "bounce.example.com" },
    // SES signs by default.
    DkimAttributes: Match.absent(),
  });
  prod.hasResourceProperties("AWS::SES::ConfigurationSet", {
    ReputationOptions: { ReputationMetricsEnabled: true },
    SuppressionOptions: { SuppressedReasons: ["BOUNCE", "COMPLAINT"] },
  });
});

test("without one, no identity is made, and mail uses the same configuration set", () => {
  const none = template("dev");
  none.resourceCountIs("AWS::SES::EmailIdentity", 0);
  const [set] = resource(none, "AWS::SES::ConfigurationSet", "Sender");
  serving(none).allResourcesProperties("AWS::Lambda::Function", {
    Environment: { Variables: Match.objectLike({ SES_CONFIGURATION_SET: { Ref: set } }) },
  });
});
