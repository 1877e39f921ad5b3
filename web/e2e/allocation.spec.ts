import AxeBuilder from "@axe-core/playwright";
import { readBook } from "../src/lib/rulebook";
import { signInAs, world } from "./people";
import { expect, settled, test } from "./support";

test.beforeEach(async ({ context, baseURL, page }) => {
  await world(context, baseURL);
  await signInAs(page, "demo");
});

test("a rule is tried on live data before it is saved", async ({ page }) => {
  await page.goto("/allocation");
  await settled(page);
  await page.getByRole("textbox", { name: "Name of a new group" }).fill("Web team");
  await page.getByRole("button", { name: "Add the group" }).click();
  await page.getByRole("button", { name: "Add a rule" }).click();
  const form = page.getByRole("group", { name: "A new rule" });
  await expect(page.getByText("needs a name.")).toBeVisible();
  await form.getByLabel("Name").fill("everything else");
  await expect(page.getByRole("heading", { name: "What these rules would do" })).toBeVisible();
  await expect(page.getByRole("region", { name: /^Groups in/ }).first()).toContainText("0.0%");
  await expect(page.getByRole("region", { name: /^Groups in/ }).first()).toContainText("Web team");
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved, and in force.")).toBeVisible();
  const { rules } = await (await page.request.get("/api/v1/allocation")).json();
  expect(readBook(rules)?.sets.at(-1)?.rules.at(-1)).toMatchObject({
    name: "everything else",
    group: "web-team",
  });
});

test("the order of the rules is changed from the keyboard, and taken back", async ({ page }) => {
  await page.goto("/allocation");
  await settled(page);
  const names = page.locator(".rule-name strong");
  const before = await names.allTextContents();
  await page.getByRole("button", { name: `Move ${before[1]} up` }).focus();
  await page.keyboard.press("Enter");
  await expect(names.first()).toHaveText(before[1] ?? "");
  await page.getByRole("button", { name: "Take back" }).click();
  await expect(names).toHaveText(before);
});

test("the period of the preview is in the address", async ({ page }) => {
  await page.goto("/allocation");
  await settled(page);
  await page.getByLabel("Period").selectOption("last-12-months");
  await expect(page).toHaveURL(/period=last-12-months/);
});
