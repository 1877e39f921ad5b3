/** Uses the one-time link once; every test starts from the session that it gives. */
import { chromium, type FullConfig } from "@playwright/test";

export default async function signIn(config: FullConfig) {
  const use = config.projects[0]?.use;
  const link = process.env.BURSAR_LINK ?? `${use?.baseURL}/auth/link?token=demo`;
  const browser = await chromium.launch(use?.launchOptions);
  const page = await browser.newPage();
  const answer = await page.goto(link);
  if (!answer?.ok() || page.url().includes("sign-in"))
    throw new Error(
      `the sign-in link did not sign in (${answer?.status()} at ${page.url()}); a link works once`,
    );
  await page.context().storageState({ path: "test-results/session.json" });
  await browser.close();
}
