/** For tests that change who may do what: each has a state of its own in the mock, and signs in as somebody of it. */
import { type BrowserContext, type Page, test } from "@playwright/test";

const onMock = !process.env.BURSAR_URL;

export async function world(context: BrowserContext, baseURL: string | undefined): Promise<void> {
  test.skip(!onMock, "the people of this test live in the mock");
  await context.clearCookies();
  const name = `w${Math.random().toString(36).slice(2)}`;
  await context.addCookies([{ name: "mock-world", value: name, url: baseURL ?? "" }]);
}

/** Ada owns the workspace, Grace is an analyst, Vera a viewer, Otto an operator whose team has a scope. */
export async function signInAs(page: Page, who: "demo" | "grace" | "viewer" | "operator"): Promise<void> {
  await page.request.get(`/auth/link?token=${who}`);
}
