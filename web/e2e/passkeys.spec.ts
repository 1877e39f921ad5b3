import type { BrowserContext, Page } from "@playwright/test";
import { signInAs, world } from "./people";
import { expect, test } from "./support";

// Browsers allow passkeys over plain http on `localhost` only.
const base = `http://localhost:${process.env.BURSAR_MOCK_PORT}`;
test.use({ baseURL: base, storageState: { cookies: [], origins: [] } });

/** An authenticator of software that says yes; without it, it says no. */
async function authenticator(context: BrowserContext, page: Page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { devtools, authenticatorId };
}

test("a passkey is added, signs in, and is taken away", async ({ page, context }) => {
  await world(context, base);
  const { devtools, authenticatorId } = await authenticator(context, page);
  await signInAs(page, "demo");
  await page.goto("/account");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByLabel("What shall it be called?").fill("The laptop");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("The laptop", { exact: true })).toBeVisible();

  // The page offers passkeys quietly, too: nobody touches the device before the button is pressed.
  await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  await page.getByRole("button", { name: /^Account:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Acme" })).toBeVisible();
  await devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByRole("button", { name: "Account: Ada Byron" })).toBeVisible();
  await expect(page.getByText(/signed in just now by passkey/)).toBeVisible();

  await page.getByRole("button", { name: "Remove the passkey The laptop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByText("None yet.")).toBeVisible();
});

test("without a passkey the button says so and the password still stands there", async ({
  page,
  context,
}) => {
  await world(context, base);
  const { devtools, authenticatorId } = await authenticator(context, page);
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.goto("/");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByRole("button", { name: "Sign in with a passkey" })).toBeEnabled();
  await expect(page.getByLabel("E-mail")).toBeVisible();
});
