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
    // The licences of the embedded packages require their text to be distributed with them.
    license: { fileName: "licences.txt" },
    emptyOutDir: true,
  },
  // `npm run dev` beside `make run`: Vite serves the page, `make run` answers its requests.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/mailbox", "/docs", "/openapi.json", "/console/service.json"].map((path) => [
        path,
        process.env.MMMS_URL ?? "http://127.0.0.1:8000",
      ]),
    ),
  },
});
