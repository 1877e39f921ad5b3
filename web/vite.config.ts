import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The page runs under `script-src 'self'; style-src 'self'`: nothing may be inlined into index.html,
// and no asset may become a data: URL except images (see README.md).
export default defineConfig({
  plugins: [
    react(),
    {
      // `build.license` sees modules only; the font's licence (OFL 1.1) travels with it all the same.
      name: "font-license",
      generateBundle() {
        const source = readFileSync("node_modules/@fontsource-variable/inter/LICENSE", "utf8");
        this.emitFile({ type: "asset", fileName: "inter-license.txt", source });
      },
    },
  ],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    license: { fileName: "licenses.md" },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": process.env.BURSAR_URL ?? "http://127.0.0.1:8090",
      "/auth": process.env.BURSAR_URL ?? "http://127.0.0.1:8090",
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
