import { ArnFormat, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  ApiMapping,
  DomainName,
  HttpApi,
  type HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Code } from "aws-cdk-lib/aws-lambda";
import { ARecord, HostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { ApiGatewayv2DomainProperties } from "aws-cdk-lib/aws-route53-targets";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { DomainStage } from "../stage/stage.ts";
import { logGroup } from "./log-group.ts";
import { ServiceFunction, type ServiceProps } from "./service-function.ts";

export interface ApiProps extends ServiceProps {
  readonly code: Code;
  /** `POST /v1/mail` and so on. All other requests go to the same function, as `$default`. */
  readonly routes: readonly string[];
}

const STAGE = "$default";
/** API Gateway times out after 30 s; the function has to answer before that. */
const TIMEOUT = Duration.seconds(29);

/**
 * The log has neither a path nor a query, because they can contain a key. The caller's address is personal data, and is
 * not logged.
 */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  requestTime: "$context.requestTime",
  routeKey: "$context.routeKey",
  status: "$context.status",
  responseLength: "$context.responseLength",
  responseLatency: "$context.responseLatency",
  integrationLatency: "$context.integrationLatency",
  integrationStatus: "$context.integration.integrationStatus",
  // The message if API Gateway may not invoke the function, or could not read its answer.
  integrationErrorMessage: "$context.integrationErrorMessage",
};

/** The HTTP API and the function behind it, which answers every request and checks keys, origins and CORS. */
export class Api extends Construct {
  readonly service: ServiceFunction;
  readonly http: HttpApi;
  readonly adminToken: Secret;
  /** The URL without a slash at its end. */
  readonly url: string;
  /** The DNS records of the API's name that the stack does not write itself; `name TYPE value`. */
  readonly records: readonly string[] = [];

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { stage } = props;
    this.adminToken = new Secret(this, "AdminToken", {
      description: "MMMS: the admin token for the management operations and the console",
      generateSecretString: { passwordLength: 43, excludePunctuation: true },
      removalPolicy: stage.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(
      this.adminToken,
      "People hold it: who replaces it has to tell them. The functions see a new one within five minutes",
      "AwsSolutions-SMG4",
    );
    acknowledge(
      this.adminToken,
      "Encrypted by Secrets Manager's own key, which no other account can use",
      "CKV_AWS_149",
    );
    this.http = new HttpApi(this, "Http", {
      description: `MMMS: stage ${stage.name}`,
      createDefaultStage: false,
      // With a domain of its own, API Gateway's host name would be a second, unobserved entrance.
      disableExecuteApiEndpoint: stage.domain !== undefined,
    });
    this.url = stage.domain ? `https://${stage.domain.name}` : this.http.apiEndpoint;
    this.service = new ServiceFunction(this, "Service", {
      ...props,
      description: "MMMS API: accepts mail, sends single mails at once",
      memoryMiB: stage.api.memoryMiB,
      timeout: TIMEOUT,
      reservedConcurrentExecutions: stage.api.reservedConcurrency,
      environment: {
        ADMIN_SECRET_NAME: this.adminToken.secretArn,
        PUBLIC_URL: this.url,
      },
      permissions: [
        new PolicyStatement({
          sid: "ReadAdminToken",
          actions: ["secretsmanager:GetSecretValue"],
          resources: [this.adminToken.secretArn],
        }),
        // Takes an address off SES's own list when it is taken off this service's; the action takes no resource.
        new PolicyStatement({ sid: "TakeOffList", actions: ["ses:DeleteSuppressedDestination"], resources: ["*"] }),
      ],
    });
    this.addRoutes(props.routes);
    const httpStage = this.addStage(props);
    if (stage.domain) {
      const { regionalDomainName } = this.addDomain(stage.domain, httpStage);
      if (!stage.domain.hostedZone) this.records = [`${stage.domain.name} CNAME ${regionalDomainName}`];
    }
  }

  private addRoutes(routes: readonly string[]): void {
    const integration = new HttpLambdaIntegration("Integration", this.service.function, {
      scopePermissionToRoute: false,
    });
    const keys = routes.map((route) => {
      const [method = "", path = ""] = route.split(" ");
      return HttpRouteKey.with(path, method as HttpMethod);
    });
    for (const routeKey of [...keys, HttpRouteKey.DEFAULT]) {
      const id = routeKey.key.replaceAll(/[^A-Za-z0-9]+/g, "-");
      const route = new HttpRoute(this, id, { httpApi: this.http, routeKey, integration });
      const reason = "The service itself checks keys, origins and the admin token, and answers in its own envelope";
      acknowledge(route, reason, "AwsSolutions-APIG4", "CKV_AWS_309");
    }
    this.allowDefaultRoute();
  }

  /**
   * The integration's own permission is for `<api>/<any stage>/<any method>/<any path>`. API Gateway names the default
   * route with two segments behind the API, so that permission does not match it.
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
   */
  private allowDefaultRoute(): void {
    this.service.function.addPermission("DefaultRoute", {
      principal: new ServicePrincipal("apigateway.amazonaws.com"),
      sourceArn: Stack.of(this).formatArn({
        service: "execute-api",
        resource: this.http.apiId,
        resourceName: `${STAGE}/$default`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    });
  }

  private addStage({ stage }: ApiProps): HttpStage {
    return new HttpStage(this, "Stage", {
      httpApi: this.http,
      stageName: STAGE,
      autoDeploy: true,
      throttle: { rateLimit: stage.api.rate, burstLimit: stage.api.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup(this, "AccessLogs", stage.retention.logDays)),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }

  private addDomain({ name, certificateArn, hostedZone }: DomainStage, stage: HttpStage): DomainName {
    const zone =
      hostedZone &&
      HostedZone.fromHostedZoneAttributes(this, "Zone", { hostedZoneId: hostedZone.id, zoneName: hostedZone.name });
    const certificate =
      certificateArn !== undefined
        ? Certificate.fromCertificateArn(this, "Certificate", certificateArn)
        : new Certificate(this, "Certificate", { domainName: name, validation: CertificateValidation.fromDns(zone) });
    const domain = new DomainName(this, "Domain", {
      domainName: name,
      certificate,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, "Mapping", { api: this.http, domainName: domain, stage });
    if (zone) {
      const properties = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
      new ARecord(this, "Record", { zone, recordName: `${name}.`, target: RecordTarget.fromAlias(properties) });
    }
    return domain;
  }
}
