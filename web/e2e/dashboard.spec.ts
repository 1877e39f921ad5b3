import type { Dashboard } from "../src/api/types";
import { moneyShort } from "../src/lib/money";
import { expect, settled, test } from "./support";

test("this month's total is the API's, under its measure, currency, period and standing", async ({
  page,
}) => {
  await page.goto("/");
  const answer: Dashboard = await (await page.request.get("/api/v1/dashboard?measure=EffectiveCost")).json();
  await settled(page);
  for (const total of answer.this_month.totals) {
    const section = page.getByRole("region", { name: `${total.currency} this month` });
    await expect(section.locator(".figure-amount")).toHaveText(moneyShort(total.amount, total.currency));
    const context = section.locator(".context").first();
    await expect(context).toContainText(total.currency);
    await expect(context).toContainText(total.provisional ? "provisional" : "final");
  }
  expect(answer.this_month.totals.length).toBeGreaterThan(0);
});

test("a service leads into the explorer, narrowed to it", async ({ page }) => {
  await page.goto("/");
  const card = page.locator(".card", { has: page.getByRole("heading", { name: "By service" }) }).first();
  const first = card.locator(".bars li a").first();
  const name = await first.textContent();
  await first.click();
  await expect(page).toHaveURL(/\/explore\?/);
  expect(new URL(page.url()).searchParams.get("where")).toBe(`ServiceName=${name}`);
  await settled(page);
  await expect(page.getByRole("table").first()).toBeVisible();
});

test("the measure is in the address and changes the figures' label", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: /^Measure:/ }).click();
  await page.getByRole("menuitem", { name: /BilledCost/ }).click();
  await expect(page).toHaveURL(/measure=BilledCost/);
  await expect(page.locator(".context").first()).toContainText(/billed/i);
});
