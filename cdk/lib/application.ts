import { createRequire } from "node:module";
import { join } from "node:path";
import { App, type AppProps, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { MmmsStack } from "./mmms-stack.ts";
import { noPrograms, programsFrom } from "./program.ts";
import { routes } from "./routes.ts";
import { resolveStage } from "./stage/resolve.ts";
import { readSettingsFile } from "./stage/settings.ts";
import type { Stage } from "./stage/stage.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FLAGS = createRequire(import.meta.url)("aws-cdk-lib/recommended-feature-flags.json");

/**
 * The app, from the context: `stage`, `code` (the folder of the zips, or `none`) and the settings. It makes no look-up
 * in an account.
 */
export function application(props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  const context = ownContext(app);
  const { code } = context;
  const stage = stageOf(context);
  new MmmsStack(app, `Mmms-${stage.name}`, {
    stage,
    programs:
      code === "none" ? noPrograms() : programsFrom(String(code ?? join(ROOT, "target", "lambda")), stage.architecture),
    routes: routes(),
    description: `MMMS, mail service: stage ${stage.name}`,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}

/** The stage that the context names, with the settings of the file and of the context itself. */
export function stageOf({ stage, code, settings: file, ...settings }: Record<string, unknown>): Stage {
  const name = String(stage ?? "dev");
  const ofFile = readSettingsFile(String(file ?? join(ROOT, "cdk", "settings.json")));
  return resolveStage(name, ofFile[name], settings);
}

/** The context without the CDK's own values (`aws:cdk:…`, `@aws-cdk/…`) and providers' answers. */
function ownContext(app: App): Record<string, unknown> {
  const all: Record<string, unknown> = app.node.getAllContext();
  return Object.fromEntries(Object.entries(all).filter(([key]) => !/[:/@]/.test(key) && key !== "cli-telemetry"));
}
