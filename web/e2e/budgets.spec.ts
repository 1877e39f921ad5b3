import AxeBuilder from "@axe-core/playwright";
import type { Budget } from "../src/api/insightTypes";
import { moneyShort } from "../src/lib/money";
import { expect, settled, test } from "./support";

const UNIQUE = `Test ${Math.random().toString(36).slice(2, 8)}`;

async function axe(page: import("@playwright/test").Page) {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
}

test("a budget is made, shows how it burns, is changed and deleted", async ({ page }) => {
  await page.goto("/budgets");
  await settled(page);
  await page.getByRole("button", { name: "New budget" }).first().click();
  const dialog = page.getByRole("dialog", { name: "A new budget" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Give it a name.");
  await dialog.getByLabel("Name").fill(UNIQUE);
  await dialog.getByLabel("Amount").fill("1,000");
  await axe(page);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();
  const card = page.getByRole("region", { name: UNIQUE, exact: true });
  await expect(card).toContainText("1,000.00 a month");
  await settled(page);
  await axe(page);

  await page.getByRole("button", { name: `Change ${UNIQUE}` }).click();
  const change = page.getByRole("dialog", { name: `Change ${UNIQUE}` });
  await change.getByLabel("Amount").fill("2000");
  await change.getByRole("button", { name: "Save" }).click();
  await expect(card).toContainText("2,000.00 a month");

  await page.getByRole("button", { name: `Delete ${UNIQUE}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(card).toHaveCount(0);
});

test("every budget shows what the API says of it", async ({ page }) => {
  const { items }: { items: Budget[] } = await (await page.request.get("/api/v1/budgets")).json();
  await page.goto("/budgets");
  await settled(page);
  if (items.length === 0) await expect(page.getByRole("heading", { name: "No budget yet" })).toBeVisible();
  for (const one of items) {
    const card = page.getByRole("region", { name: one.name, exact: true });
    if (one.status) await expect(card).toContainText(moneyShort(one.status.actual, one.currency));
  }
});

test("what is left instead of what was spent is in the address", async ({ page }) => {
  await page.goto("/budgets");
  await settled(page);
  const left = page.getByText("What is left", { exact: true });
  test.skip((await left.count()) === 0, "there is no budget");
  await left.click();
  await expect(page).toHaveURL(/view=down/);
});
