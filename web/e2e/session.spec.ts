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
    const link = page.getByText("Sign in with a one-time link", { exact: true });
    if ((await link.evaluate((one) => one.tagName)) === "SUMMARY") await link.click();
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
  // As when somebody comes back from the window in which they opened the link.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await settled(page);
  await expect(page.getByRole("heading", { name: "Explorer" })).toBeVisible();
});
