import type { Conformance, Delivery, Source } from "../src/api/types";
import { monthLabel } from "../src/lib/dates";
import { plural } from "../src/lib/money";
import { addDays, expect, settled, test, workspace } from "./support";

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

test("a source whose charges stopped coming says how far it is behind", async ({ page }) => {
  await page.route("**/api/v1/sources", async (route) => {
    const answer = await route.fetch();
    const { sources }: { sources: Source[] } = await answer.json();
    const late = sources
      .slice(0, 1)
      .map((one) => ({ ...one, status: "ok", charges_until: day, problem: null }));
    await route.fulfill({ response: answer, json: { sources: late } });
  });
  const { today } = await workspace(page);
  const day = addDays(today, -12);
  await page.goto("/sources");
  await expect(page.locator(".source .badge")).toHaveText("12 days behind");
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
