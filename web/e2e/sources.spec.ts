import type { Conformance, Delivery, Source } from "../src/api/types";
import { monthLabel } from "../src/lib/dates";
import { plural } from "../src/lib/money";
import { expect, settled, test } from "./support";

test("every source stands there with its place and how fresh it is", async ({ page }) => {
  const { sources }: { sources: Source[] } = await (await page.request.get("/api/v1/sources")).json();
  await page.goto("/sources");
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    const card = page.getByRole("region", { name: source.id, exact: true });
    await expect(card).toContainText(source.location);
    if (source.problem) await expect(card.locator(".note")).toBeVisible();
  }
});

test("deliveries say provisional or final, and a restatement its difference", async ({ page }) => {
  const { deliveries }: { deliveries: Delivery[] } = await (
    await page.request.get("/api/v1/deliveries")
  ).json();
  await page.goto("/sources?tab=deliveries");
  await settled(page);
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(deliveries.length + 1);
  for (const one of deliveries.filter((each) => each.restatement)) {
    await expect(
      page.locator(".note", { hasText: `${monthLabel(one.billing_period ?? "")} was re-stated` }).first(),
    ).toBeVisible();
  }
});

test("findings name their rule and how many rows break it", async ({ page }) => {
  const answer: Conformance = await (await page.request.get("/api/v1/conformance")).json();
  await page.goto("/sources?tab=conformance");
  if (answer.findings.length === 0) await expect(page.getByText("Nothing to report")).toBeVisible();
  for (const one of answer.findings) {
    const card = page
      .getByRole("region", {
        name: `${one.rule} ${one.level} ${one.column ?? "the whole file"}`,
        exact: true,
      })
      .filter({ hasText: one.explanation });
    await expect(card.first()).toContainText(plural(one.count, "row"));
  }
});

test("the ledger lists reads only", async ({ page }) => {
  await page.goto("/sources?tab=ledger");
  await expect(page.getByText(/operations,/)).toBeVisible();
  const operations = await page.locator("tbody tr td:nth-child(2)").allTextContents();
  expect(operations.filter((one) => /put|post|delete|write/i.test(one))).toEqual([]);
});
