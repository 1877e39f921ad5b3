import AxeBuilder from "@axe-core/playwright";
import { expect, settled, test } from "./support";

const PAGES = [
  "/",
  "/explore?compare=previous",
  "/explore?grain=total&by=ProviderName",
  "/explore?grain=total&currency=USD&rate=EUR%3D1.08",
  "/explore?grain=total&currency=USD&rate=EUR%3Dmuch",
  "/explore?from=1999-01-01&to=1999-02-01",
  "/sql",
  "/forecast",
  "/forecast?until=year&by=SubAccountName&if=grow~20~2027-01-01~",
  "/budgets",
  "/budgets?view=down",
  "/allocation",
  "/anomalies",
  "/anomalies?show=all&days=180",
  "/recommendations",
  "/sources",
  "/sources?tab=deliveries",
  "/sources?tab=conformance",
  "/sources?tab=ledger",
  "/nowhere",
  "/account",
  "/admin/members",
  "/admin/roles",
  "/admin/teams",
  "/admin/tokens",
  "/admin/sign-in",
  "/admin/keys",
  "/admin/backups",
  "/admin/record",
  "/admin/webhooks",
  "/admin/alerts",
  "/inbox",
  "/admin/staff",
  "/admin/workspace",
];

for (const scheme of ["light", "dark"] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme });
    for (const path of PAGES) {
      test(`axe finds nothing on ${path}`, async ({ page }) => {
        await page.goto(path);
        await page.locator("main h1, main h2").first().waitFor();
        await settled(page);
        await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", scheme);
        const found = await new AxeBuilder({ page }).analyze();
        expect(
          found.violations.map(
            (one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`,
          ),
        ).toEqual([]);
      });
    }

    test("axe finds nothing in what opens", async ({ page }) => {
      await page.goto("/explore?where=ChargeCategory%3DUsage");
      await settled(page);
      const check = async () => {
        const found = await new AxeBuilder({ page }).analyze();
        expect(
          found.violations.map(
            (one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`,
          ),
        ).toEqual([]);
      };
      await page.getByRole("button", { name: /^Measure:/ }).click();
      await expect(page.getByRole("menuitem").first()).toBeVisible();
      await check();
      await page.keyboard.press("Escape");
      await page.locator(".control.period").click();
      await expect(page.getByLabel("First day")).toBeVisible();
      await check();
      await page.keyboard.press("Escape");
      await page.getByLabel("Filter", { exact: true }).focus();
      await expect(page.locator("[data-combobox-option]:visible").first()).toBeVisible();
      await check();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await check();
    });
  });
}

for (const width of [380, 400, 768, 1920]) {
  test(`nothing sticks out at ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    for (const path of PAGES) {
      await page.goto(path);
      await page.locator("main h1, main h2").first().waitFor();
      await settled(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(over, path).toBeLessThanOrEqual(0);
    }
  });
}

test("the scheme is chosen by hand and remembered before the first paint", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const toggle = page.getByRole("button", { name: /^Colours:/ });
  await toggle.click();
  await toggle.click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.route("**/assets/*.js", (route) => route.abort());
  await page.reload().catch(() => undefined);
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.unroute("**/assets/*.js");
});
