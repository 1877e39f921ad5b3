import { readFile } from "node:fs/promises";
import { addMonths, monthStart } from "../src/lib/dates";
import { moneyExact } from "../src/lib/money";
import { cost, expect, fullMonth, settled, test, workspace } from "./support";

test("the table shows the API's amounts to the last digit", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total&top=5`);
  await settled(page);
  const answer = await cost(page, `${search}&grain=total&top=5&measure=EffectiveCost&by=ServiceName`);
  for (const total of answer.totals) {
    const section = page.getByRole("region", { name: total.currency, exact: true });
    await expect(section.locator("tfoot .num").first()).toHaveAttribute(
      "title",
      moneyExact(total.amount, total.currency),
    );
  }
  for (const row of answer.rows.filter((one) => one.keys[0] !== null)) {
    const section = page.getByRole("region", { name: row.currency, exact: true });
    const line = section
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name: row.keys[0] ?? "", exact: true }) });
    await expect(line.locator("td .num").first()).toHaveAttribute(
      "title",
      moneyExact(row.amount, row.currency),
    );
  }
  expect(answer.rows.length).toBeGreaterThan(1);
});

test("group, grain, view and comparison go into the address, and back undoes them", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}`);
  await settled(page);
  await page.getByText("Month", { exact: true }).click();
  await expect(page).toHaveURL(/grain=month/);
  await page.getByText("Lines", { exact: true }).click();
  await expect(page).toHaveURL(/view=lines/);
  await page.getByLabel("Compare with before").click(); // The address is the state: the box is ticked once it says so.
  await expect(page).toHaveURL(/compare=previous/);
  await expect(page.getByRole("columnheader", { name: "Period before" }).first()).toBeVisible();
  await page.goBack();
  await expect(page).not.toHaveURL(/compare=previous/);
  await expect(page.getByLabel("Compare with before")).not.toBeChecked();

  await page.getByLabel("Group by", { exact: true }).fill("provider");
  await page
    .getByRole("option", { name: /ProviderName/ })
    .first()
    .click();
  await expect(page).toHaveURL(/by=ServiceName%7C\w*ProviderName/);
});

test("nothing is compared with days before the charges begin", async ({ page }) => {
  const { first_day: first } = await workspace(page);
  const from = monthStart(first ?? "");
  await page.goto(`/explore?from=${from}&to=${addMonths(from, 1)}&grain=total&compare=previous`);
  await settled(page);
  await expect(page.getByText("nothing is compared").first()).toBeVisible();
  await expect(page.getByRole("table").first()).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Period before" })).toHaveCount(0);
  await expect(page.getByText(/· new$/)).toHaveCount(0);
});

test("a filter is typed: dimension, operator, value from the data", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}`);
  await settled(page);
  await page.keyboard.press("/");
  const field = page.getByLabel("Filter", { exact: true });
  await expect(field).toBeFocused();
  await field.pressSequentially("chargecat");
  await field.press("Enter");
  await field.pressSequentially("is");
  await field.press("Enter");
  await expect(page.getByRole("option", { name: /Usage/ })).toBeVisible();
  await field.pressSequentially("usa");
  await expect(page.locator("[data-combobox-option]:visible")).toHaveCount(1);
  await field.press("Enter");
  await expect(page).toHaveURL(/where=ChargeCategory%3DUsage/);
  await settled(page);
  await page.getByRole("button", { name: /Remove the filter/ }).click();
  await expect(page).not.toHaveURL(/where=/);

  await field.fill("ServiceCategory!=Compute");
  await field.press("Enter");
  await expect(page).toHaveURL(/where=ServiceCategory%21%3DCompute/);
});

test("a row drills by keyboard, and suggestions regroup", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  const rows = page.getByRole("region").locator("tbody").first().getByRole("row");
  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press("Home");
  await expect(rows.first()).toBeFocused();
  const name = (await rows.first().getByRole("rowheader").textContent())?.trim();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/where=ServiceName%3D/);
  expect(new URL(page.url()).searchParams.get("where")).toBe(`ServiceName=${name}`);
  const drill = page.getByRole("status").filter({ hasText: "Split by" });
  await expect(drill).toContainText(name ?? "");
  await settled(page);
  const suggestion = drill.locator("button.control[aria-pressed=false]").first();
  await suggestion.click();
  await expect(page).toHaveURL(/by=/);
  await page.goBack();
  await page.goBack();
  await expect(page).not.toHaveURL(/where=/);
});

test("a segment of the chart drills", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=month`);
  await settled(page);
  const chart = page.locator(".chart").first();
  const box = await chart.boundingBox();
  if (!box) throw new Error("no chart");
  // From the axis upwards until a part is met: credits may hang below zero.
  for (let up = 30; up < box.height && !page.url().includes("where="); up += 25) {
    await page.mouse.click(box.x + box.width / 2 + 20, box.y + box.height - up);
    await page.waitForTimeout(150);
  }
  await expect(page).toHaveURL(/where=ServiceName%3D/);
});

test("figures leave as CSV and XLSX with the question's parameters", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  for (const format of ["CSV", "XLSX"]) {
    const link = page.getByRole("link", { name: format, exact: true });
    expect(await link.getAttribute("href")).toContain(search);
    const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const bytes = await readFile(await file.path());
    expect(bytes.length).toBeGreaterThan(20);
  }
});

test("an empty answer says why and offers a way on", async ({ page }) => {
  await page.goto("/explore?from=1999-01-01&to=1999-02-01");
  await expect(page.getByRole("heading", { name: "No charges to show" })).toBeVisible();
  await expect(page.locator(".empty p").first()).not.toBeEmpty();
  await page.getByRole("button", { name: "Last 12 full months" }).click();
  await settled(page);
  await expect(page.getByRole("table").first()).toBeVisible();
});

test("a mistyped dimension in the address is explained in place", async ({ page }) => {
  await page.goto("/explore?by=ServiceNam");
  await expect(page.getByRole("alert")).toContainText(/ServiceNam/);
});

test("how the answer was read is told", async ({ page }) => {
  await page.goto("/explore");
  await settled(page);
  await page.getByText("How this was read").click();
  await expect(page.getByText("Storage operations")).toBeVisible();
  await expect(page.getByText(/GET \/api\/v1\/cost/)).toBeVisible();
});

test("shortcuts lead from page to page and are listed", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/explore/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/sources/);
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/\/$/);
});

test("the period picker shows last days and asks for the day after", async ({ page }) => {
  await page.goto("/explore");
  await settled(page);
  await page.locator(".control.period").click();
  await page.getByLabel("First day").fill("2026-01-05");
  await page.getByLabel("Last day").fill("2026-01-11");
  await page.getByRole("button", { name: "Show these days" }).click();
  await expect(page).toHaveURL(/from=2026-01-05&to=2026-01-12/);
  await expect(page.locator(".control.period")).toContainText("5–11 Jan 2026");
  await page.getByRole("button", { name: "The period before" }).click();
  await expect(page).toHaveURL(/from=2025-12-29&to=2026-01-05/);
});

test("the table sorts by any column, and the order is in the address", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  const header = page.getByRole("columnheader", { name: "Service" }).first();
  await header.getByRole("button").click();
  await expect(page).toHaveURL(/sort=name/);
  await expect(header).toHaveAttribute("aria-sort", "ascending");
  const section = page
    .getByRole("region")
    .filter({ has: page.getByRole("table") })
    .first();
  const names = (
    await section.locator("tbody tr:not(:has(.group-name > .muted))").getByRole("rowheader").allTextContents()
  ).map((one) => one.trim());
  expect(names.length).toBeGreaterThan(0);
  expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, "en")));
  await header.getByRole("button").click();
  await expect(header).toHaveAttribute("aria-sort", "descending");
});

test("a long answer shows a slim bar, then says what it does, and can be stopped", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}`);
  await settled(page);
  await page.route("**/api/v1/cost?*", async (route) => {
    await new Promise((done) => setTimeout(done, 8_000));
    await route.continue().catch(() => undefined);
  });
  await page.getByText("Total", { exact: true }).first().click();
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.getByRole("table").first()).toBeVisible();
  const status = page.getByRole("status").filter({ hasText: "Adding up the charges" });
  await expect(status).toBeVisible();
  await status.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("progressbar")).toHaveCount(0);
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
