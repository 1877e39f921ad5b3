import AxeBuilder from "@axe-core/playwright";
import { expect, settled, test } from "./support";

test("who is not signed in reads how to, on any address", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    storageState: { cookies: [], origins: [] },
    ...(baseURL ? { baseURL } : {}),
  });
  const page = await context.newPage();
  for (const path of ["/", "/explore?by=RegionId", "/sign-in?reason=link"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(/sign in|link/i);
    await expect(page.getByText("pkill -USR1 -x bursar", { exact: true })).toBeVisible();
  }
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations).toEqual([]);
  await context.close();
});

test("a session that ends keeps the address, and the page comes back after signing in", async ({
  page,
  context,
}) => {
  await page.goto("/explore?grain=total");
  await settled(page);
  const cookies = await context.cookies();
  await context.clearCookies();
  await page.getByText("Month", { exact: true }).click();
  await expect(page.getByRole("heading", { name: "Your session has ended" })).toBeVisible();
  await expect(page).toHaveURL(/grain=month/);
  await context.addCookies(cookies);
  await page.getByRole("button", { name: "I have opened the link" }).click();
  await settled(page);
  await expect(page.getByRole("heading", { name: "Explorer" })).toBeVisible();
});
