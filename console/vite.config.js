import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  resolve: { alias: { "mmms-client": fileURLToPath(new URL("../client/src/index.ts", import.meta.url)) } },
  build: {
    target: "es2022",
    // The policy of the page allows no data: in scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: false,
    // The licences of what is embedded ask to go along with it.
    license: { fileName: "licences.txt" },
    emptyOutDir: true,
  },
  // `npm run dev` beside `make run`: the page from here, what it asks from there.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/mailbox", "/docs", "/openapi.json", "/console/service.json"].map((path) => [
        path,
        process.env.MMMS_URL ?? "http://127.0.0.1:8000",
      ]),
    ),
  },
});
