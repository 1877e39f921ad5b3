/**
 * Every test also holds what must hold everywhere: no violation of the content security policy, no error in
 * the console, and no request that leaves the user's server.
 */
import { test as base, expect, type Page } from "@playwright/test";
import type { CostAnswer, Workspace } from "../src/api/types";
import { addDays, addMonths, monthStart } from "../src/lib/dates";

export const test = base.extend<{ strict: undefined }>({
  strict: [
    async ({ page, baseURL }, use) => {
      const faults: string[] = [];
      const origin = new URL(baseURL ?? "").origin;
      page.on("request", (request) => {
        if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
          faults.push(`request to ${request.url()}`);
      });
      page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
      page.on("console", (message) => {
        // The browser logs every 4xx itself; tests that provoke one look at the page instead.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
          faults.push(`console: ${message.text()}`);
      });
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) =>
          console.error(
            `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
          ),
        );
      });
      await use(undefined);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export async function workspace(page: Page): Promise<Workspace> {
  return (await page.request.get("/api/v1/workspace")).json();
}

export async function cost(page: Page, search: string): Promise<CostAnswer> {
  const answer = await page.request.get(`/api/v1/cost?${search}`);
  expect(answer.ok(), await answer.text()).toBe(true);
  return answer.json();
}

/** A whole month that has charges: the one before the newest day, so that it is complete. */
export async function fullMonth(page: Page): Promise<{ from: string; to: string; search: string }> {
  const { last_day: last, first_day: first } = await workspace(page);
  const newest = monthStart(last ?? "");
  const month = first && addMonths(newest, -1) >= monthStart(first) ? addMonths(newest, -1) : newest;
  const to = addMonths(month, 1);
  return { from: month, to, search: `from=${month}&to=${to}` };
}

/** The chart has drawn and no question is open. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
  await expect(page.locator(".progress")).toHaveCount(0);
  await expect(page.locator(".chart:not([data-ready=true])")).toHaveCount(0);
}

export { addDays };
