/**
 * End-to-end tests. Against a running program: BURSAR_URL and BURSAR_LINK (a fresh one-time sign-in link).
 * Without them the mock server serves dist/, so `npm run build` comes first.
 */
import { defineConfig } from "@playwright/test";

const real = process.env.BURSAR_URL;
// A port of its own for each run; the workers inherit it.
process.env.BURSAR_MOCK_PORT ??= String(20_000 + (process.pid % 20_000));
const port = process.env.BURSAR_MOCK_PORT;

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/sign-in.ts",
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  projects: [
    { name: "pages", testIgnore: "sign-out.spec.ts" },
    // A real link works once and its session ends here, so this comes after everything else.
    { name: "sign out", testMatch: "sign-out.spec.ts", dependencies: ["pages"] },
  ],
  use: {
    baseURL: real ?? `http://127.0.0.1:${port}`,
    storageState: "test-results/session.json",
    viewport: { width: 1280, height: 900 },
    locale: "en-US",
    timezoneId: "Pacific/Auckland",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  ...(real
    ? {}
    : {
        webServer: {
          command: `node dev/mock-server.mjs --port ${port}`,
          url: `http://127.0.0.1:${port}/health`,
        },
      }),
});
