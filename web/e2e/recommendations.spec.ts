import type { Recommendations } from "../src/api/insightTypes";
import { money } from "../src/lib/money";
import { expect, settled, test } from "./support";

test("every recommendation stands with its saving and evidence, the largest first", async ({ page }) => {
  const answer: Recommendations = await (await page.request.get("/api/v1/recommendations")).json();
  await page.goto("/recommendations");
  await settled(page);
  const articles = page.getByRole("article");
  const currencies = new Set(answer.items.map((one) => one.currency));
  // The rest is drawn when somebody asks for more.
  const drawn = [...currencies].map((currency) =>
    Math.min(50, answer.items.filter((one) => one.currency === currency).length),
  );
  await expect(articles).toHaveCount(drawn.reduce((sum, count) => sum + count, 0));
  for (const currency of currencies) {
    const mine = answer.items
      .filter((one) => one.currency === currency)
      .sort((a, b) => Number(b.saving_per_month ?? 0) - Number(a.saving_per_month ?? 0));
    const section = page.getByRole("region", { name: `Recommendations in ${currency}` });
    if (mine[0]?.saving_per_month)
      await expect(section.getByRole("article").first()).toContainText(
        money(mine[0].saving_per_month, currency),
      );
  }
  if (answer.not_assessed.length > 0)
    await expect(page.getByRole("region", { name: "What was not assessed, and why" })).toBeVisible();
});
