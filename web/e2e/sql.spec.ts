import { expect, test } from "./support";

test("a statement runs with Ctrl+Enter and its result leaves as CSV", async ({ page }) => {
  await page.goto("/sql");
  const editor = page.getByLabel("SQL statement");
  await editor.fill(
    "SELECT ServiceName, BillingCurrency, SUM(EffectiveCost) AS cost FROM focus GROUP BY ServiceName, BillingCurrency ORDER BY cost DESC",
  );
  await editor.press("Control+Enter");
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByRole("columnheader", { name: /^cost/ })).toBeVisible();
  expect(await result.locator("tbody tr").count()).toBeGreaterThan(1);
  await expect(page).toHaveURL(/sql=SELECT/);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "CSV" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("bursar-sql.csv");
});

test("a mistake is shown where it was made, and the statement stays", async ({ page }) => {
  await page.goto("/sql");
  const editor = page.getByLabel("SQL statement");
  await editor.fill("SELECT nosuch FROM focus");
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("alert")).toContainText(/nosuch/);
  await editor.fill("DROP TABLE focus");
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(editor).toHaveValue("DROP TABLE focus");
});

test("a column of the reference goes to the cursor", async ({ page }) => {
  await page.goto("/sql");
  const editor = page.getByLabel("SQL statement");
  await editor.fill("SELECT ");
  await page.getByLabel("Find a column").fill("listunit");
  await page.getByRole("button", { name: /ListUnitPrice/ }).click();
  await expect(editor).toHaveValue("SELECT ListUnitPrice");
});
