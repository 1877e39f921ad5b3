import { readFile } from "node:fs/promises";
import { moneyExact } from "../src/lib/money";
import { cost, expect, fullMonth, settled, test } from "./support";

// Both the mock's bill and the demo's have charges in USD and in EUR.
const RATE = "1 EUR =";

test("currencies stand apart until rates are given; then the answer is the API's and names the rate", async ({
  page,
}) => {
  // claim A3
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toBeVisible();
  await page.getByLabel("Currencies").selectOption({ label: "as one in USD" });
  await expect(page.getByText("Bursar has no rates of its own")).toBeVisible();
  await expect(page).not.toHaveURL(/currency=/);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toBeVisible();

  await page.getByLabel(RATE).fill("1.080");
  await page.getByLabel(RATE).press("Enter");
  await expect(page).toHaveURL(/currency=USD&rate=EUR%3D1\.08$/);
  await settled(page);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toHaveCount(0);
  const answer = await cost(
    page,
    `${search}&grain=total&top=10&measure=EffectiveCost&by=ServiceName&currency=USD&rate=EUR%3D1.08`,
  );
  expect(answer.totals).toHaveLength(1);
  const section = page.getByRole("region", { name: "USD", exact: true });
  await expect(section).toContainText("1 EUR = 1.08 USD");
  await expect(section.locator("tfoot .num").first()).toHaveAttribute(
    "title",
    moneyExact(answer.totals[0]?.amount ?? "", "USD"),
  );

  await page.reload();
  await settled(page);
  await expect(section).toContainText("1 EUR = 1.08 USD");
  await expect(page.getByLabel(RATE)).toHaveValue("1.08");
  await page.getByLabel("Currencies").selectOption({ label: "kept apart" });
  await expect(page).not.toHaveURL(/currency=/);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toBeVisible();
  await page.goBack();
  await expect(section).toContainText("1 EUR = 1.08 USD");
});

test("a missing or unreadable rate is told beside its field, which takes the focus", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  await page.getByLabel("Currencies").selectOption({ label: "as one in USD" });
  const field = page.getByLabel(RATE);
  await page.getByRole("button", { name: "Convert", exact: true }).click();
  await expect(field).toBeFocused();
  await expect(field).toHaveAccessibleDescription(/Type what 1 EUR is worth in USD/);
  for (const [text, told] of [
    ["1,08", /with a point/],
    ["0", /above zero/],
    ["much", /a number/],
    ["1.00000000001", /10 after/],
  ] as const) {
    await field.fill(text);
    await field.press("Enter");
    await expect(field).toHaveAccessibleDescription(told);
    await expect(field).toHaveAttribute("aria-invalid", "true");
  }
  await expect(page).not.toHaveURL(/currency=/);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toBeVisible();
  await field.fill("1.08");
  await expect(field).toHaveAttribute("aria-invalid", "false");
});

test("an address that lacks a rate shows the currencies apart and says which rate", async ({ page }) => {
  const { search } = await fullMonth(page);
  for (const rates of ["", "&rate=GBP%3D1.3", "&rate=EUR%3Dmuch"]) {
    await page.goto(`/explore?${search}&grain=total&currency=USD${rates}`);
    await settled(page);
    await expect(page.getByRole("region", { name: "EUR", exact: true })).toBeVisible();
    await expect(page.getByRole("region", { name: "USD", exact: true })).toBeVisible();
    await expect(page.getByText(/^The currencies stand apart/)).toBeVisible();
    await expect(page.getByLabel(RATE)).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByRole("link", { name: "CSV", exact: true })).not.toHaveAttribute(
      "href",
      /currency=/,
    );
  }
  await page.getByLabel(RATE).fill("1.08");
  await page.getByLabel(RATE).press("Enter");
  await settled(page);
  await expect(page.getByRole("region", { name: "EUR", exact: true })).toHaveCount(0);
});

test("another currency is typed by its code, and needs a rate for each", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total`);
  await settled(page);
  await page.getByLabel("Currencies").selectOption({ label: "as one in another …" });
  await page.getByRole("button", { name: "Convert", exact: true }).click();
  await expect(page.getByLabel("Code")).toBeFocused();
  await page.getByLabel("Code").pressSequentially("chf");
  await page.getByLabel(RATE).fill("0.95");
  await page.getByLabel("1 USD =").fill("0.88");
  await page.getByLabel("1 USD =").press("Enter");
  await expect(page).toHaveURL(/currency=CHF/);
  await settled(page);
  const section = page.getByRole("region", { name: "CHF", exact: true });
  await expect(section).toContainText("1 EUR = 0.95 CHF");
  await expect(section).toContainText("1 USD = 0.88 CHF");
});

test("files leave with the rates of the page", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total&currency=USD&rate=EUR%3D1.08`);
  await settled(page);
  for (const format of ["CSV", "XLSX"]) {
    const link = page.getByRole("link", { name: format, exact: true });
    await expect(link).toHaveAttribute("href", /currency=USD&rate=EUR%3D1\.08/);
    const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
    if (format === "XLSX") continue;
    const text = await readFile(await file.path(), "utf8");
    expect(text).toContain(",USD,");
    expect(text).not.toContain(",EUR,");
  }
});

test("charges that are in the currency already say that no rate was used", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total&where=ProviderName%3DAWS&currency=USD`);
  await settled(page);
  await expect(page.getByRole("region", { name: "USD", exact: true })).toContainText("no rate was used");
});

test("a bill in one currency can be converted too", async ({ page }) => {
  await page.route("**/api/v1/workspace", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), currencies: ["USD"] } });
  });
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total&where=ProviderName%3DAWS`);
  await settled(page);
  await expect(page.getByLabel("Currencies")).toHaveCount(0);
  await page.getByRole("button", { name: "Convert USD" }).click();
  await expect(page.getByLabel("Currencies")).toBeFocused();
  await page.getByLabel("Currencies").selectOption({ label: "as one in another …" });
  await page.getByLabel("Code").fill("chf");
  await page.getByLabel("1 USD =").fill("0.88");
  await page.getByLabel("1 USD =").press("Enter");
  await expect(page.getByRole("region", { name: "CHF", exact: true })).toContainText("1 USD = 0.88 CHF");
});

test("the rest of each currency claims no number of groups that is not its own", async ({ page }) => {
  const { search } = await fullMonth(page);
  await page.goto(`/explore?${search}&grain=total&top=3`);
  await settled(page);
  const rest = page.getByRole("rowheader", { name: /^Other/ });
  await expect(rest.first()).toHaveText("Other");
  await page.goto(`/explore?${search}&grain=total&top=3&where=ProviderName%3DAWS`);
  await settled(page);
  await expect(rest.first()).toHaveText(/^Other \(\d+ more\)$/);
});
