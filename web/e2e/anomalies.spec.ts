import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { Anomalies } from "../src/api/insightTypes";
import { scopeFilters, scopeWords } from "../src/lib/incident";
import { moneyChange } from "../src/lib/money";
import { signInAs, world } from "./people";
import { expect, settled, test } from "./support";

async function axe(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
}

const answer = async (page: Page): Promise<Anomalies> =>
  (await page.request.get("/api/v1/anomalies?days=90")).json();

// claim F3
test("an incident says what it cost, why, and where, and leads to its charges", async ({ page }) => {
  const { items } = await answer(page);
  await page.goto("/anomalies?show=all");
  await settled(page);
  if (items.length === 0) {
    await expect(page.getByRole("heading", { name: "Nothing out of the ordinary" })).toBeVisible();
    return;
  }
  await expect(page.getByRole("navigation", { name: "Incidents" }).getByRole("button")).toHaveCount(
    items.length,
  );
  for (const one of items.slice(0, 3)) {
    await page.goto(`/anomalies?show=all&id=${encodeURIComponent(one.id)}`);
    await settled(page);
    const detail = page.getByRole("article");
    await expect(detail.getByRole("heading", { name: scopeWords(one.scope) })).toBeVisible();
    await expect(detail).toContainText(one.explanation);
    await expect(detail.locator(".incident-stats")).toContainText(moneyChange(one.impact, one.currency));
    await expect(detail.getByRole("img").first()).toBeVisible();
  }
  const first = items[0];
  await page.goto(`/anomalies?show=all&id=${encodeURIComponent(first?.id ?? "")}`);
  await page.getByRole("link", { name: "Open in the explorer" }).click();
  await page.waitForURL(/\/explore/);
  const where = new URL(page.url()).searchParams.getAll("where");
  expect(where).toEqual(scopeFilters(first?.scope ?? {}).map((one) => `${one.dimension}=${one.value}`));
});

test("somebody who knows why says so, and takes it back", async ({ page, context, baseURL }) => {
  await world(context, baseURL);
  await signInAs(page, "demo");
  const { items } = await answer(page);
  const incident = items.find((one) => !one.feedback);
  test.skip(!incident, "there is no incident");
  await page.goto(`/anomalies?id=${encodeURIComponent(incident?.id ?? "")}`);
  await settled(page);
  await page.getByRole("button", { name: "This was expected …" }).click();
  const dialog = page.getByRole("dialog", { name: "This was expected" });
  await expect(dialog.getByRole("button", { name: "Mark as expected" })).toBeDisabled();
  await dialog.getByLabel("Why").fill("Load test of the new checkout");
  await axe(page);
  await dialog.getByRole("button", { name: "Mark as expected" }).click();
  await expect(page.getByText("Load test of the new checkout")).toBeVisible();
  await page.getByRole("button", { name: "Take it back" }).click();
  await expect(page.getByRole("button", { name: "This was expected …" })).toBeVisible();
});

test("j and k move through the incidents", async ({ page }) => {
  const { items } = await answer(page);
  test.skip(items.length < 2, "there are not two incidents");
  await page.goto("/anomalies?show=all");
  await settled(page);
  const current = page.locator(".incidents [aria-current]");
  const before = await current.textContent();
  await page.keyboard.press("j");
  await expect(current).not.toHaveText(before ?? "");
  await page.keyboard.press("k");
  await expect(current).toHaveText(before ?? "");
});

test("a viewer reads incidents and says nothing about them", async ({ page, context, baseURL }) => {
  await world(context, baseURL);
  await signInAs(page, "viewer");
  await page.goto("/anomalies");
  await settled(page);
  await expect(page.getByRole("heading", { name: "Anomalies" })).toBeVisible();
  await expect(page.getByRole("button", { name: "This was expected …" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Open in the explorer" })).toHaveCount(0);
});
