import { defineConfig } from "@hey-api/openapi-ts";

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
      // `Error` would hide the global of that name.
      definitions: { name: (name) => (name === "Error" ? "ErrorBody" : name) },
    },
    // No client of the whole module, whose settings every importer would share.
    { name: "@hey-api/sdk", client: false },
  ],
});
