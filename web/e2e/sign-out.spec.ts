import { expect, settled, test } from "./support";

test("signing out ends the session for this browser", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in with a one-time link" })).toBeVisible();
  expect((await page.request.get("/api/v1/workspace")).status()).toBe(401);
});
