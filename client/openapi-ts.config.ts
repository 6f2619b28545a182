import { $, defineConfig } from "@hey-api/openapi-ts";

/** The values that the description knows, of a schema that may get more of them. */
function known(schema: object): unknown[] | undefined {
  return (schema as { "x-extensible-enum"?: unknown[] })["x-extensible-enum"];
}

/** An editor completes the known values, and any other is allowed: a plain `string` in the union would swallow them. */
function open(values: unknown[], type: "string" | "number") {
  return $.type.or(...values.map((value) => $.type.fromValue(value)), $.type.and($.type(type), $.type.object()));
}

export default defineConfig({
  input: "../openapi.yaml",
  output: {
    path: process.env.GENERATED ?? "src/generated",
    // What Node.js resolves without a bundler.
    importFileExtension: ".js",
  },
  plugins: [
    "@hey-api/client-fetch",
    {
      name: "@hey-api/typescript",
      "~resolvers": {
        string: ({ schema }) => {
          const values = known(schema);
          return values && open(values, "string");
        },
        // Where there may be null in its place.
        union: ({ parentSchema }) => {
          const values = known(parentSchema);
          return values && $.type.or(open(values, "string"), $.type.literal(null));
        },
        number: ({ schema }) => {
          const values = known(schema);
          return values && open(values, "number");
        },
      },
    },
    // No client of the whole module, whose settings every importer would share.
    { name: "@hey-api/sdk", client: false },
  ],
});
