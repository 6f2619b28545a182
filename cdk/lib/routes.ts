import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The routes that openapi.yaml publishes, such as `DELETE /v1/api-key/{api_key}`. */
export function routes(): string[] {
  const file = join(import.meta.dirname, "..", "..", "openapi.yaml");
  const { paths } = parse(readFileSync(file, "utf8")) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}
