import AxeBuilder from "@axe-core/playwright";
import type { Forecast } from "../src/api/insightTypes";
import { periodAhead, periodName } from "../src/lib/ahead";
import { parse, sum } from "../src/lib/decimal";
import { moneyShort } from "../src/lib/money";
import { printChange } from "../src/lib/scenario";
import { expect, settled, test } from "./support";

test("the number is the API's, with its range, its error and its class", async ({ page }) => {
  const answer: Forecast = await (
    await page.request.get("/api/v1/forecast?measure=EffectiveCost&until=month&by=ServiceName&top=8")
  ).json();
  await page.goto("/forecast");
  await settled(page);
  expect(answer.currencies.length).toBeGreaterThan(0);
  const name = periodName("month", periodAhead("month", answer.until.ends));
  for (const one of answer.currencies) {
    const section = page.getByRole("region", { name: `${name} in ${one.currency}` });
    await expect(section.locator(".figure-amount")).toHaveText(
      moneyShort(one.total.expected_total, one.currency),
    );
    await expect(section).toContainText(one.total.model);
    await expect(section.locator(".context").first()).toContainText(one.currency);
    await expect(section.locator(".context .badge").first()).toHaveText("forecast");
    // claim F4
    expect(sum(one.parts.map((part) => parse(part.ahead.expected_total)))).toBe(
      parse(one.total.expected_total),
    );
    if (one.parts.length > 0) await expect(section).toContainText("The parts add up to the total.");
  }
});

test("what is asked is in the address", async ({ page }) => {
  await page.goto("/forecast");
  await settled(page);
  await page.getByText("Quarter end", { exact: true }).click();
  await expect(page).toHaveURL(/until=quarter/);
  await page.getByLabel("Parts by").selectOption("SubAccountName");
  await expect(page).toHaveURL(/by=SubAccountName/);
  await settled(page);
  await page.reload();
  await settled(page);
  await expect(page.getByText(/^Q[1-4] \d{4} ends at/).first()).toBeVisible();
});

test("a scenario shows the end with and without the change", async ({ page }) => {
  const answer: Forecast = await (
    await page.request.get("/api/v1/forecast?measure=EffectiveCost&until=year&by=ServiceName&top=8")
  ).json();
  const service = answer.currencies[0]?.parts.find((one) => one.value !== null)?.value ?? null;
  const change = printChange({ kind: "grow", value: service, percent: 20, from: answer.known_until });
  await page.goto(`/forecast?${new URLSearchParams({ until: "year", if: change })}`);
  await settled(page);
  const panel = page.getByRole("region", { name: "What if …" });
  await panel.getByRole("button", { name: "Calculate" }).click();
  await expect(panel.getByText(/, without it$/)).toBeVisible();
  await expect(panel.getByText(/, with it$/)).toBeVisible();
  await panel.getByLabel("By %").fill("30");
  await expect(panel.getByText("Something changed since")).toBeVisible();
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
});

test("a server without forecasts says so and stays calm", async ({ page }) => {
  await page.route("**/api/v1/forecast*", (route) =>
    route.fulfill({ status: 404, json: { title: "not found", status: 404 } }),
  );
  await page.goto("/forecast");
  await expect(page.getByRole("heading", { name: "Forecasts are not on this server yet" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});
