import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { signInAs, world } from "./people";
import { expect, settled, test } from "./support";

async function axe(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
}

const URL_OF = `https://hooks.example.com/${Math.random().toString(36).slice(2, 8)}`;

// claim G2
test("a webhook is made, shows its secret once, is paused and deleted", async ({ page }) => {
  await page.goto("/admin/webhooks");
  await settled(page);
  await page.getByRole("button", { name: "New webhook" }).first().click();
  const dialog = page.getByRole("dialog", { name: "A new webhook" });
  await dialog.getByLabel("Address").fill(URL_OF);
  await expect(dialog.getByRole("button", { name: "Create" })).toBeDisabled();
  await dialog.getByLabel(/^opened \(anomaly\)/).check();
  await axe(page);
  await dialog.getByRole("button", { name: "Create" }).click();
  const secret = (await page.locator(".once pre").textContent()) ?? "";
  expect(secret).toMatch(/^whsec_/);
  const card = page.getByRole("region", { name: URL_OF, exact: true });
  await expect(card).toContainText("anomaly: opened");
  await axe(page);

  await page.reload();
  await expect(card).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);

  await page.getByRole("button", { name: `Pause ${URL_OF}` }).click();
  await expect(card.getByText("paused", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: `New secret for ${URL_OF}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make a new secret" }).click();
  await expect(page.locator(".once pre")).not.toHaveText(secret);
  await page.getByRole("button", { name: `Delete ${URL_OF}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(card).toHaveCount(0);
});

test("dead letters are seen, with the reason, and sent again", async ({ page, context, baseURL }) => {
  await world(context, baseURL);
  await signInAs(page, "demo");
  await page.goto("/admin/webhooks?hook=whk_0001");
  await settled(page);
  const hook = page.getByRole("region", { name: "https://hooks.acme.example/bursar", exact: true });
  await hook.getByRole("button", { name: /dead letter$/ }).click();
  await expect(hook.getByRole("row")).toHaveCount(2);
  await expect(hook).toContainText("the connection was refused");
  await hook.getByRole("button", { name: "Send all dead letters again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
  await expect(hook.getByRole("button", { name: "Send all dead letters again" })).toHaveCount(0);
  await hook.getByRole("button", { name: /^Send a test/ }).click();
  await expect(hook).toContainText("The test was taken: 204");
  await axe(page);
});

// claim G3
test("an alert rule is made and deleted", async ({ page }) => {
  const name = `Test ${Math.random().toString(36).slice(2, 8)}`;
  await page.goto("/admin/alerts");
  await settled(page);
  await page.getByRole("button", { name: "New rule" }).first().click();
  const dialog = page.getByRole("dialog", { name: "A new alert rule" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Give it a name.");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("How serious").selectOption("critical");
  await dialog.getByLabel("Address").fill("fin@acme.example");
  await dialog.getByLabel(/^Quiet hours/).check();
  await axe(page);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(name)).toBeVisible();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText(name)).toHaveCount(0);
});

test("what is unread is counted in the header, and read", async ({ page, context, baseURL }) => {
  await world(context, baseURL);
  await signInAs(page, "demo");
  await page.goto("/");
  await page.getByRole("link", { name: "Inbox: 2 unread messages" }).click();
  await expect(page.getByRole("list", { name: "Messages" }).getByRole("listitem")).toHaveCount(3);
  await axe(page);
  await page.getByRole("link", { name: "BigQuery costs 3.4 times the usual" }).click();
  await expect(page).toHaveURL(/\/anomalies\?id=ano_0002/);
  await expect(page.getByRole("link", { name: "Inbox: 1 unread message" })).toBeVisible();
  await page.goto("/inbox");
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page.getByRole("link", { name: "Inbox: nothing unread" })).toBeVisible();
});

test("a server without an inbox shows no bell", async ({ page }) => {
  await page.route("**/api/v1/inbox", (route) =>
    route.fulfill({ status: 404, json: { title: "not found", status: 404 } }),
  );
  await page.goto("/");
  await settled(page);
  await expect(page.getByRole("link", { name: /^Inbox/ })).toHaveCount(0);
});
