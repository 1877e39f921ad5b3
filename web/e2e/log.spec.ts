import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { LogStatus, RecordDetail } from "../src/api/messageTypes";
import { count } from "../src/lib/money";
import { expect, settled, test } from "./support";

async function axe(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target)}`)).toEqual([]);
}

test("the log says how long it is and whether it holds, and is verified", async ({ page }) => {
  const status: LogStatus = await (await page.request.get("/api/v1/log")).json();
  await page.goto("/admin/record");
  await settled(page);
  const card = page.getByRole("region", { name: /^The log/ });
  await expect(card).toContainText(count(status.size));
  await card.getByRole("button", { name: "Verify now" }).click();
  await expect(card.getByText("unbroken", { exact: true })).toBeVisible({ timeout: 60_000 });
  await axe(page);
});

test("an entry's proof is calculated in the browser", async ({ page }) => {
  const { items } = await (await page.request.get("/api/v1/records")).json();
  let seq = 0;
  for (const one of items.slice(0, 12)) {
    const detail: RecordDetail = await (await page.request.get(`/api/v1/records/${one.seq}`)).json();
    if (detail.checkpoint && detail.leaf_hash) seq = one.seq;
  }
  test.skip(seq === 0, "no entry is under a checkpoint yet");
  await page.goto(`/admin/record?entry=${seq}`);
  const dialog = page.getByRole("dialog", { name: `Entry no. ${seq}` });
  await expect(dialog.getByText("proved here")).toBeVisible();
  await axe(page);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page).not.toHaveURL(/entry=/);
});

test("a change stands before and after, side by side", async ({ page }) => {
  const { items } = await (await page.request.get("/api/v1/records")).json();
  let changed = 0;
  for (const one of items) {
    const detail: RecordDetail = await (await page.request.get(`/api/v1/records/${one.seq}`)).json();
    if (detail.change?.before && detail.change.after) {
      changed = one.seq;
      break;
    }
  }
  test.skip(changed === 0, "nothing was changed yet");
  await page.goto(`/admin/record?entry=${changed}`);
  const diff = page.getByRole("region", { name: "What changed" });
  await expect(diff.getByRole("columnheader", { name: "Before" })).toBeVisible();
  await expect(diff.locator("td.is, td.was").first()).toBeVisible();
});

test("the log is exported with the filter of the page", async ({ page }) => {
  await page.goto("/admin/record?action=member.change");
  await settled(page);
  await page.getByRole("button", { name: "Export …" }).click();
  const dialog = page.getByRole("dialog", { name: "Export the log" });
  await dialog.getByLabel("From").fill("2026-01-01");
  await axe(page);
  const asked = page.waitForRequest(/\/api\/v1\/log\/export/);
  await dialog.getByRole("button", { name: "Download" }).click();
  const search = new URL((await asked).url()).searchParams;
  expect(Object.fromEntries(search)).toEqual({
    action: "member.change",
    from: "2026-01-01T00:00:00Z",
  });
});
