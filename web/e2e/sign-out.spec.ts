import { expect, settled, test } from "./support";

test("signing out ends the session for this browser", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  const account = page.getByRole("button", { name: /^Account:/ });
  if (await account.isVisible()) {
    await account.click();
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  } else await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: /^Sign in/ })).toBeVisible();
  expect((await page.request.get("/api/v1/workspace")).status()).toBe(401);
});
