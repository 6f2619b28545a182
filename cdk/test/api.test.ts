import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FULL, Match, ROUTES, resource, resources, template } from "./stack.ts";

const dev = template("dev");
const named = template("prod", FULL);

describe("the HTTP API", () => {
  test("leads every route, and requests without a route, to the one function", () => {
    const routes = Object.values(resources(dev, "AWS::ApiGatewayV2::Route")).map(({ Properties }) => Properties);
    expect(routes.map(({ RouteKey }) => RouteKey).sort()).toEqual(["$default", ...ROUTES].sort());
    dev.resourceCountIs("AWS::ApiGatewayV2::Integration", 1);
    const [fn] = resource(dev, "AWS::Lambda::Function", "Api");
    dev.hasResourceProperties("AWS::ApiGatewayV2::Integration", {
      IntegrationType: "AWS_PROXY",
      PayloadFormatVersion: "2.0",
      IntegrationUri: { "Fn::GetAtt": [fn, "Arn"] },
    });
  });

  test("has no CORS of its own: the service knows the origins", () => {
    dev.allResourcesProperties("AWS::ApiGatewayV2::Api", { CorsConfiguration: Match.absent() });
  });

  test("throttles at the rates of the stage", () => {
    dev.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      StageName: "$default",
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 4, ThrottlingBurstLimit: 4 },
    });
  });

  test("logs the route and never a path, a query or the caller's address", () => {
    const [, stage] = resource(dev, "AWS::ApiGatewayV2::Stage", "Api");
    const format: Record<string, string> = JSON.parse(stage.Properties.AccessLogSettings.Format);
    expect(Object.values(format)).toContain("$context.routeKey");
    const logged = Object.values(format).map((value) => value.replace("$context.", ""));
    const allowed = ["requestId", "requestTime", "routeKey", "status", "responseLength", "responseLatency"];
    const ofIntegration = ["integrationLatency", "integration.integrationStatus", "integrationErrorMessage"];
    expect(logged.sort()).toEqual([...allowed, ...ofIntegration].sort());
  });
});

describe("API Gateway's right to invoke the function", () => {
  const [http] = resource(dev, "AWS::ApiGatewayV2::Api", "Api");
  const permissions = Object.values(resources(dev, "AWS::Lambda::Permission")).map(({ Properties }) => Properties);
  const keys = Object.values(resources(dev, "AWS::ApiGatewayV2::Route")).map(({ Properties }) => Properties.RouteKey);

  /** An ARN, with names of the template in place of the values that only a deployment knows. */
  function text(value: unknown): string {
    if (typeof value === "string") return value;
    const { Ref, "Fn::Join": join } = value as { Ref?: string; "Fn::Join"?: [string, unknown[]] };
    return join ? join[1].map(text).join(join[0]) : `<${Ref}>`;
  }

  /** Compares like IAM's ArnLike: a star is any text, including slashes. */
  function matches(pattern: string, arn: string): boolean {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(arn);
  }

  /**
   * The ARN that API Gateway shows to Lambda: `<api>/<stage>/<method>/<path>`, and of the default route two segments.
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
   */
  function shown(routeKey: string): string {
    const route = routeKey === "$default" ? "$default" : routeKey.replace(" ", "");
    return `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${http}>/$default/${route}`;
  }

  test.each([...ROUTES, "$default"])("covers %s", (routeKey) => {
    expect(keys).toContain(routeKey);
    const allowed = permissions.filter(({ SourceArn }) => matches(text(SourceArn), shown(routeKey)));
    expect(allowed.map(({ Action }) => Action)).toEqual(["lambda:InvokeFunction"]);
  });

  test("is of this API alone, and nothing else has one", () => {
    const [fn] = resource(dev, "AWS::Lambda::Function", "Api");
    for (const { Principal, FunctionName, SourceArn } of permissions) {
      expect(Principal).toBe("apigateway.amazonaws.com");
      expect(FunctionName).toEqual({ "Fn::GetAtt": [fn, "Arn"] });
      expect(text(SourceArn)).toContain(`:<${http}>/`);
    }
  });
});

describe("a domain of its own", () => {
  test("has the certificate that was set, and TLS 1.2 at least", () => {
    named.hasResourceProperties("AWS::ApiGatewayV2::DomainName", {
      DomainName: "mail.example.com",
      DomainNameConfigurations: [Match.objectLike({ CertificateArn: FULL.certificateArn, SecurityPolicy: "TLS_1_2" })],
    });
    named.resourceCountIs("AWS::ApiGatewayV2::ApiMapping", 1);
    named.resourceCountIs("AWS::CertificateManager::Certificate", 0);
  });

  test("disables API Gateway's own host name", () => {
    named.allResourcesProperties("AWS::ApiGatewayV2::Api", { DisableExecuteApiEndpoint: true });
    dev.allResourcesProperties("AWS::ApiGatewayV2::Api", { DisableExecuteApiEndpoint: false });
  });

  test("is passed to the service, which then makes browsers use TLS alone", () => {
    const variables = { PUBLIC_URL: "https://mail.example.com" };
    named.hasResourceProperties("AWS::Lambda::Function", { Environment: { Variables: Match.objectLike(variables) } });
  });

  test("is API Gateway's own otherwise, for the API and for the worker, whose mail has links to it", () => {
    for (const [stack, url] of [
      [named, "https://mail.example.com"],
      [dev, { "Fn::GetAtt": [Match.stringLikeRegexp("Http"), "ApiEndpoint"] }],
    ] as const) {
      const variables = { PUBLIC_URL: url };
      const functions = stack.findResources("AWS::Lambda::Function", {
        Properties: { Environment: { Variables: Match.objectLike(variables) } },
      });
      expect(Object.keys(functions).map((name) => name.replace(/Service.*/, ""))).toEqual(["Api", "Worker"]);
    }
  });

  test("in a zone of the account gets its certificate and its record", () => {
    const zone = { domain: "mail.example.com", hostedZoneId: "Z1", hostedZoneName: "example.com" };
    const own = template("dev", zone);
    own.hasResourceProperties("AWS::CertificateManager::Certificate", {
      DomainName: zone.domain,
      ValidationMethod: "DNS",
    });
    own.hasResourceProperties("AWS::Route53::RecordSet", { Name: "mail.example.com.", Type: "A", HostedZoneId: "Z1" });
  });
});

describe("outputs", () => {
  test("are those that the documents promise", () => {
    const [http] = resource(dev, "AWS::ApiGatewayV2::Api", "Api");
    const endpoint = { "Fn::GetAtt": [http, "ApiEndpoint"] };
    dev.hasOutput("ApiUrl", { Value: endpoint });
    dev.hasOutput("DocsUrl", { Value: { "Fn::Join": ["", [endpoint, "/docs"]] } });
    dev.hasOutput("ConsoleUrl", { Value: { "Fn::Join": ["", [endpoint, "/console"]] } });
    const [results] = Object.keys(resources(dev, "AWS::SQS::Queue")).filter((id) =>
      /^QueuesResults[0-9A-F]{8}$/.test(id),
    );
    dev.hasOutput("ResultQueueUrl", { Value: { Ref: results } });
    dev.hasOutput("ResultQueueArn", { Value: { "Fn::GetAtt": [results, "Arn"] } });
    dev.hasOutput("AdminSecretName", Match.anyValue());
    named.hasOutput("ApiUrl", { Value: "https://mail.example.com" });
  });

  /** The values of the outputs that are tasks for a person, if they are text. */
  function todo(of: typeof dev): string {
    const outputs = of.findOutputs("*") as Record<string, { Value: unknown }>;
    const names = Object.keys(outputs).filter((name) => name.startsWith("Todo"));
    return JSON.stringify(names.map((name) => outputs[name]?.Value));
  }

  test("list the tasks for a person, with the exact records", () => {
    const list = todo(named);
    for (const record of [
      "DkimDNSTokenName1",
      "DkimDNSTokenValue3",
      "bounce.example.com MX 10",
      "v=spf1",
      "_dmarc.example.com TXT",
      "mail.example.com CNAME",
    ]) {
      expect(list).toContain(record);
    }
    expect(list).toContain("alarms@example.com");
    expect(list).not.toContain("production access");
    expect(todo(dev)).toContain("production access");
    expect(todo(dev)).toContain("No one receives alarms");
  });

  test("list no record that the stack writes itself", () => {
    const own = template("prod", {
      ...FULL,
      senderHostedZoneId: "Z1",
      certificateArn: undefined,
      hostedZoneId: "Z1",
      hostedZoneName: "example.com",
    });
    expect(todo(own)).not.toContain("CNAME");
    const types = Object.values(resources(own, "AWS::Route53::RecordSet")).map(({ Properties }) => Properties.Type);
    expect(types.sort()).toEqual(["A", "CNAME", "CNAME", "CNAME", "MX", "TXT"]);
  });
});

test("the app gives the stack the routes of openapi.yaml", async () => {
  const { routes } = await import("../lib/routes.ts");
  const written = readFileSync(join(import.meta.dirname, "..", "..", "openapi.yaml"), "utf8");
  const paths = [...written.matchAll(/^ {2}(\/v1\S+):$/gm)].map((match) => match[1]);
  expect(new Set(routes().map((route) => route.split(" ")[1]))).toEqual(new Set(paths));
  expect(routes()).toContain("DELETE /v1/api-key/{api_key}");
});
