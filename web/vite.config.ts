import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The page runs under `script-src 'self'; style-src 'self'`: nothing may be inlined into index.html,
// and no asset may become a data: URL except images (see README.md).
export default defineConfig({
  plugins: [react()],
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
