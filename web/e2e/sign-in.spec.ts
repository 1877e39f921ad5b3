import AxeBuilder from "@axe-core/playwright";
import { signInAs, world } from "./people";
import { expect, settled, test } from "./support";

test.beforeEach(({ context, baseURL }) => world(context, baseURL));

test("a password signs in and the page that was asked for comes back", async ({ page }) => {
  await page.goto("/sql");
  await expect(page.getByRole("heading", { name: "Sign in to Acme" })).toBeVisible();
  await page.getByLabel("E-mail").fill("ada@acme.example");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "SQL", level: 1 })).toBeVisible();
});

test("a wrong password and an unknown address read the same", async ({ page }) => {
  await page.goto("/");
  const told: string[] = [];
  for (const email of ["ada@acme.example", "nobody@acme.example"]) {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password of anybody");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("E-mail or password is not right");
    told.push((await page.getByRole("alert").textContent()) ?? "");
  }
  expect(told[0]).toBe(told[1]);
  await expect(page.getByLabel("E-mail")).toHaveValue("nobody@acme.example");
});

test("the second factor is asked for after the password, and a wrong code says so", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("E-mail").fill("grace@acme.example");
  await page.getByLabel("Password", { exact: true }).fill("a quiet river at dawn");
  await page.keyboard.press("Enter");
  const code = page.getByLabel("Code");
  await expect(code).toBeFocused();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await code.fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("That code is not right");
  await code.fill("123456");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Account: Grace Hopper" })).toBeVisible();
});

test("too many attempts count down and then may be tried again", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("E-mail").fill("slow@acme.example");
  await page.getByLabel("Password", { exact: true }).fill("whatever this may be");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Too many attempts");
  await expect(page.getByRole("button", { name: /^Wait \d+ s/ })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeEnabled();
});

test("what went wrong elsewhere is said, as text", async ({ page }) => {
  await page.goto("/sign-in?reason=link");
  await expect(page.getByRole("alert")).toContainText("That link no longer works");
  await page.goto(`/sign-in?reason=oidc&detail=${encodeURIComponent("<b>access_denied</b>")}`);
  await expect(page.getByRole("alert")).toContainText("<b>access_denied</b>");
  await page.goto("/sql?sql=select");
  const provider = page.getByRole("link", { name: "Continue with Acme Entra ID" });
  await expect(provider).toHaveAttribute("href", "/auth/oidc/idp_0000/start?return=%2Fsql%3Fsql%3Dselect");
});

test("an invitation makes an account and opens the workspace", async ({ page }) => {
  await page.goto("/welcome?token=welcome");
  await expect(page.getByRole("heading", { name: "Join Acme (demo)" })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const join = page.getByRole("button", { name: "Join Acme (demo)" });
  await page.getByLabel("Your name").fill("Nora Field");
  await page.getByLabel("Choose a password").fill("short");
  await expect(page.getByText("10 more characters.")).toBeVisible();
  await expect(join).toBeDisabled();
  await page.getByLabel("Choose a password").fill("winter apples on the sill");
  await join.click();
  await expect(page.getByRole("button", { name: "Account: Nora Field" })).toBeVisible();
  await page.goto("/welcome?token=welcome&purpose=invitation");
  await expect(page.getByRole("heading", { name: /no longer works|Choose a new/ })).toBeVisible();
});

test("a reset sets a new password, and a spent one says so", async ({ page }) => {
  await page.goto("/welcome?token=reset&purpose=reset");
  await page.getByLabel("New password").fill("winter apples on the sill");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByRole("heading", { name: "The new password is set" })).toBeVisible();
  await page.goto("/welcome?token=spent&purpose=reset");
  await page.getByLabel("New password").fill("winter apples on the sill");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByRole("alert")).toContainText("This link does not work");
});

test("forgetting a password gives the same answer for every address", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Forgot the password?" }).click();
  await page.getByLabel("E-mail").fill("nobody@acme.example");
  await page.getByRole("button", { name: "Ask for a link" }).click();
  await expect(page.getByText(/If an account belongs to nobody@acme.example/)).toBeVisible();
});

test("a viewer has the pages of a viewer, and no others", async ({ page }) => {
  await signInAs(page, "viewer");
  await page.goto("/");
  await settled(page);
  const pages = page.getByRole("navigation", { name: "Pages" });
  await expect(pages.getByRole("link")).toHaveText(["Dashboard", "Anomalies", "Recommendations"]);
  await expect(page.locator(".bars li").first()).toBeVisible();
  // Findings are a viewer's; every other figure leads nowhere.
  await expect(page.locator("main a:not([href='/anomalies'])")).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.goto("/explore");
  await expect(page.getByRole("heading", { name: "Explorer is not among your pages" })).toBeVisible();
  await page.goto("/admin/members");
  await expect(page.getByRole("heading", { name: /not among your pages/ })).toBeVisible();
});

test("narrowed answers say what they keep to", async ({ page }) => {
  await signInAs(page, "operator");
  await page.goto("/");
  await expect(page.getByRole("region", { name: "What you see" })).toContainText(
    "You see: SubAccountName is prod-shop and tag team is checkout or search.",
  );
  await signInAs(page, "demo");
  await page.goto("/");
  await settled(page);
  await expect(page.getByRole("region", { name: "What you see" })).toHaveCount(0);
});

test("the workspace is chosen per window, in every request and in a shared link", async ({ page }) => {
  await signInAs(page, "demo");
  await page.goto("/explore?grain=total");
  await settled(page);
  await page.getByRole("button", { name: /^Workspace: Acme \(demo\)/ }).click();
  const asked = page.waitForRequest(
    (one) => one.url().includes("/api/v1/cost?") && one.headers()["bursar-workspace"] === "wsp_lab",
  );
  await page.getByRole("menuitem", { name: /Acme Lab/ }).click();
  await asked;
  await expect(page.getByRole("button", { name: /^Workspace: Acme Lab/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: /^Workspace: Acme Lab/ })).toBeVisible();
  await page.goto("/explore?grain=total&w=wsp_demo");
  await expect(page.getByRole("button", { name: /^Workspace: Acme \(demo\)/ })).toBeVisible();
  await expect(page).toHaveURL(/explore\?grain=total$/);
  await page.goto("/?w=wsp_gone");
  await expect(page.getByRole("button", { name: /^Workspace: Acme \(demo\)/ })).toBeVisible();
});

test("a server without accounts still works with its link", async ({ page }) => {
  await signInAs(page, "demo");
  for (const path of ["**/api/v1/me", "**/auth/methods"])
    await page.route(path, (route) =>
      route.fulfill({ status: 404, json: { title: "not found", status: 404 } }),
    );
  await page.goto("/");
  await settled(page);
  await expect(page.getByRole("navigation", { name: "Pages" }).getByRole("link")).toHaveCount(9);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in with a one-time link" })).toBeVisible();
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing before signing in, nor sticks anything out (${scheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 400, height: 800 });
    const check = async (path: string) => {
      const found = await new AxeBuilder({ page }).analyze();
      expect(
        found.violations.map((one) => `${path} ${one.id}: ${one.nodes.map((node) => node.html).join(", ")}`),
      ).toEqual([]);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(over, path).toBeLessThanOrEqual(0);
    };
    for (const path of [
      "/sign-in?reason=oidc&detail=access_denied",
      "/welcome",
      "/welcome?token=welcome",
      "/welcome?token=reset&purpose=reset",
    ]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await check(path);
    }
    await page.goto("/");
    await page.getByRole("button", { name: "Forgot the password?" }).click();
    await check("forgot");
    await signInAs(page, "operator");
    await page.goto("/");
    await settled(page);
    await check("narrowed");
  });
}
