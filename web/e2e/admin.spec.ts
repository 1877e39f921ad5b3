import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { signInAs, world } from "./people";
import { expect, settled, test } from "./support";

test.beforeEach(async ({ context, baseURL, page }) => {
  await world(context, baseURL);
  await signInAs(page, "demo");
});

async function axe(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(
    found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`),
  ).toEqual([]);
}

test("somebody is invited with a link that is shown once, and opens the door", async ({
  page,
  browser,
  baseURL,
}) => {
  await page.goto("/admin/members");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("E-mail").fill("ines@acme.example");
  await dialog.getByLabel("Role").selectOption("analyst");
  await dialog.getByLabel("Checkout").check();
  await axe(page);
  await dialog.getByRole("button", { name: "Invite", exact: true }).click();
  const sent = page.getByRole("dialog", { name: "Send them this link" });
  const link = (await sent.locator("pre").textContent()) ?? "";
  expect(link).toContain("/welcome?purpose=invitation&token=");
  await axe(page);
  await sent.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("ines@acme.example")).toBeVisible();
  await expect(page.getByText(link)).toHaveCount(0);

  const other = await browser.newContext(baseURL ? { baseURL } : {});
  await other.addCookies((await page.context().cookies()).filter((one) => one.name === "mock-world"));
  const guest = await other.newPage();
  await guest.goto(link);
  await guest.getByLabel("Your name").fill("Ines Field");
  await guest.getByLabel("Choose a password").fill("winter apples on the sill");
  await guest.getByRole("button", { name: /^Join/ }).click();
  await expect(guest.getByRole("button", { name: "Account: Ines Field" })).toBeVisible();
  await other.close();

  await page.reload();
  await expect(page.getByRole("rowheader", { name: /Ines Field/ })).toBeVisible();
});

test("a member gets another role, and is removed after being asked", async ({ page }) => {
  await page.goto("/admin/members");
  await page.getByRole("button", { name: "Change Vera Rubin" }).click();
  await page.getByLabel("Role").selectOption({ label: "Reporting" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row", { name: /Vera Rubin/ })).toContainText("Reporting");
  await page.getByRole("button", { name: "Remove Vera Rubin" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove Vera Rubin?" });
  await expect(dialog).toContainText("They came by SCIM");
  await axe(page);
  await dialog.getByRole("button", { name: "Keep as it is" }).click();
  await expect(page.getByRole("row", { name: /Vera Rubin/ })).toBeVisible();
  await page.getByRole("button", { name: "Remove Vera Rubin" }).click();
  await dialog.getByRole("button", { name: "Remove from the workspace" }).click();
  await expect(page.getByRole("row", { name: /Vera Rubin/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Remove Ada Byron" }).click();
  await page.getByRole("button", { name: "Remove from the workspace" }).click();
  await expect(page.getByRole("alert")).toContainText("The last owner stays");
});

test("a link for a new password is made for somebody else", async ({ page }) => {
  await page.goto("/admin/members");
  await page.getByRole("button", { name: "Change Grace Hopper" }).click();
  await page.getByText("They forgot their password").click();
  await page.getByRole("button", { name: "Make a link" }).click();
  await expect(page.locator(".once pre")).toContainText("/welcome?purpose=reset");
  await axe(page);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Change Ada Byron" }).click();
  await expect(page.getByText("They forgot their password")).toHaveCount(0);
});

test("the matrix shows a role's pages and actions, and why is explained", async ({ page }) => {
  await page.goto("/admin/roles");
  const grid = page.getByRole("table", { name: /What Viewer may do/ });
  await expect(grid.getByRole("row", { name: /^View/ }).getByText("yes")).toHaveCount(2);
  await page.getByRole("button", { name: "Analyst", exact: true }).click();
  const analyst = page.getByRole("table", { name: /What Analyst may do/ });
  await expect(analyst.getByRole("row", { name: /^Query/ }).getByText("yes")).toHaveCount(3);
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "Vera Rubin" });
  await page.getByLabel("Action", { exact: true }).selectOption("query");
  await page.getByLabel("Page", { exact: true }).selectOption("sql");
  await page.getByRole("button", { name: "Explain" }).click();
  await expect(page.getByText(/No policy permits/)).toBeVisible();
});

test("a role of one's own needs a page for each action", async ({ page }) => {
  await page.goto("/admin/roles");
  await page.getByRole("button", { name: "Make a role of your own" }).click();
  const dialog = page.getByRole("dialog", { name: "A role of your own" });
  await dialog.getByLabel("Name").fill("Auditor");
  await dialog.getByLabel("Query").check();
  await expect(dialog.getByText(/Query is done on Explorer or SQL or Reports/)).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Make the role" })).toBeDisabled();
  await dialog.getByLabel("SQL").check();
  await axe(page);
  await dialog.getByRole("button", { name: "Make the role" }).click();
  await expect(page.getByRole("button", { name: "Auditor", exact: true })).toBeVisible();
});

test("a team gets a scope by choosing, and the sentence says what it sees", async ({ page }) => {
  await page.goto("/admin/teams");
  await page.getByRole("button", { name: "Make a team" }).click();
  const editor = page.getByRole("region", { name: "A new team" });
  await editor.getByLabel("Name").fill("Data");
  await expect(editor.getByText("Add at least one rule")).toBeVisible();
  await editor.getByRole("button", { name: "Add a rule" }).click();
  await editor.getByLabel("Dimension").selectOption({ label: "tag team" });
  await editor.getByRole("combobox", { name: "Values of tag team" }).fill("dat");
  await page.getByRole("option", { name: "data", exact: true }).click();
  await expect(editor.getByText("They see charges where tag team is data.")).toBeVisible();
  await page.keyboard.press("Escape");
  await axe(page);
  await editor.getByRole("button", { name: "Make the team" }).click();
  const card = page.getByRole("region", { name: "Data", exact: true });
  await expect(card).toContainText("Sees charges where tag team is data.");
  await card.getByLabel("Add somebody to Data").selectOption({ label: "Grace Hopper" });
  await expect(card.getByText("Grace Hopper", { exact: true }).first()).toBeVisible();
  await signInAs(page, "grace");
  await page.goto("/");
  await expect(page.getByRole("region", { name: "What you see" })).toContainText(
    "You see: tag team is data.",
  );
});

test("a token is shown once and is gone after loading again", async ({ page }) => {
  await page.goto("/admin/tokens");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("Name").fill("Nightly report");
  await page.getByLabel("Limit what it may do").check();
  await axe(page);
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.getByText(/shown only now/)).toBeVisible();
  const secret = (await page.locator(".once pre").textContent()) ?? "";
  expect(secret).toMatch(/^bursar_/);
  await axe(page);
  await expect(page.getByRole("row", { name: /Nightly report/ })).toContainText("pages Explorer; query");
  await page.reload();
  await expect(page.getByRole("row", { name: /Nightly report/ })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Revoke Nightly report" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByRole("row", { name: /Nightly report/ })).toContainText("revoked");
});

test("the test of a provider says what is right and what is not", async ({ page }) => {
  await page.goto("/admin/sign-in");
  await page.getByRole("button", { name: "Add a provider" }).click();
  const form = page.getByRole("region", { name: "A new provider" });
  await form.getByLabel("Provider").selectOption("oidc");
  await form.getByLabel("Name on the sign-in page").fill("Example ID");
  await form.getByLabel("Issuer").fill("https://id.example.org");
  await form.getByLabel("Client id").fill("bursar");
  await form.getByLabel("Client secret").fill("s3cret-of-the-client");
  await axe(page);
  await form.getByRole("button", { name: "Add the provider" }).click();
  const card = page.getByRole("region", { name: "Example ID" });
  await expect(card).toContainText("/callback");
  await expect(card).toContainText("Only people who are members or invited can sign in with it.");
  await card.getByRole("button", { name: "Test Example ID" }).click();
  await expect(card).toContainText("Something is not right yet.");
  await expect(card).toContainText("https://id.example.net");
  await axe(page);
  await page.getByRole("button", { name: "Test Acme Entra ID" }).click();
  await expect(page.getByText("Everything that can be tested from here is right.")).toBeVisible();
  expect(await page.content()).not.toContain("s3cret-of-the-client");
});

test("a SCIM token comes with the address to give to the provider", async ({ page }) => {
  await page.goto("/admin/sign-in");
  await expect(page.getByText(/\/scim\/v2$/)).toBeVisible();
  await page.getByRole("button", { name: "Make a SCIM token" }).click();
  await expect(page.locator(".once pre")).toContainText("bursar_");
  await page.goto("/admin/tokens");
  await expect(page.getByRole("row", { name: /Grafana/ })).toBeVisible();
  await expect(page.getByText("Entra provisioning")).toHaveCount(0);
});

test("keys are rotated and backups restored only after being told what happens", async ({ page }) => {
  await page.goto("/admin/keys");
  await page.getByRole("button", { name: "Rotate the workspace's keys" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  await expect(page.getByText(/version 3, made just now/)).toBeVisible();
  await page.goto("/admin/backups");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.getByRole("button", { name: /^Restore/ })).toHaveCount(2);
  await page
    .getByRole("button", { name: /^Restore/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: "Restore this backup?" });
  await expect(dialog).toContainText("What was deleted or revoked since stays so");
  await expect(dialog.getByRole("button", { name: "Restore" })).toBeDisabled();
  await dialog.getByLabel(/Type Acme/).fill("Acme (demo)");
  await dialog.getByRole("button", { name: "Restore" }).click();
  await expect(dialog).toHaveCount(0);
});

test("the record is filtered by its address and pages on", async ({ page }) => {
  await page.goto("/admin/record");
  const rows = page.getByRole("table").locator("tbody tr");
  await expect(rows).toHaveCount(25);
  await page.getByRole("button", { name: "Show older entries" }).click();
  await expect(rows).toHaveCount(50);
  await page.getByLabel("Did what").selectOption({ label: "changed a member" });
  await expect(page).toHaveURL(/action=member\.change/);
  await expect(rows).toHaveCount(16);
  await page.reload();
  await expect(rows).toHaveCount(16);
  await rows.first().getByText(/^No\./).click();
  await expect(page.getByRole("dialog", { name: /^Entry no\./ })).toContainText("decided by");
});

test("staff are let in for hours, by an owner", async ({ page }) => {
  await page.goto("/admin/staff");
  await page.getByRole("button", { name: "Let in …" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("For 4 hours from now they can look at costs and change nothing");
  await axe(page);
  await dialog.getByRole("button", { name: "Let in" }).click();
  await expect(page.getByText(/let in until/)).toBeVisible();
  await page.getByRole("button", { name: "End now" }).click();
  await dialog.getByRole("button", { name: "End it now" }).click();
  await expect(page.getByText(/^ended/)).toBeVisible();
});

test("a workspace is deleted only with its name typed, and can be kept after all", async ({ page }) => {
  await page.goto("/admin/workspace");
  await page.getByRole("button", { name: "Delete …" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Acme (demo)?" });
  await expect(dialog).toContainText("the workspace's key is destroyed");
  const go = dialog.getByRole("button", { name: /^Delete after/ });
  await expect(go).toBeDisabled();
  await dialog.getByLabel(/Type Acme/).fill("acme");
  await expect(go).toBeDisabled();
  await axe(page);
  await dialog.getByLabel(/Type Acme/).fill("Acme (demo)");
  await go.click();
  await expect(page.getByRole("heading", { name: "Acme (demo) is being deleted" })).toBeVisible();
  await expect(page.getByText("Nobody opens it any more.")).toBeVisible();
  await axe(page);
  await expect(page.getByText("Acme Lab", { exact: true })).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Keep it after all" }).click();
  await expect(page.getByRole("button", { name: /^Workspace: Acme \(demo\)/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete …" })).toBeVisible();
});

test("sources are added and taken away, and everything leaves as a file", async ({ page }) => {
  await page.goto("/admin/workspace");
  await page.getByLabel("Add a source").fill("s3://other/exports");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByText("s3://other/exports", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Remove the source s3://other/exports" }).click();
  await page.getByRole("button", { name: "Remove the source", exact: true }).click();
  await expect(page.getByText("s3://other/exports", { exact: true })).toHaveCount(0);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export", exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("acme-export.zip");
});

test("my account: codes, recovery codes once, password, other sessions", async ({ page }) => {
  await page.request.get("/auth/link?token=demo");
  await page.goto("/account");
  await page.getByRole("button", { name: "Set it up" }).click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  await page.getByLabel("Code").fill("111111");
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("alert")).toContainText("The code is not right");
  await axe(page);
  await page.getByLabel("Code").fill("123456");
  await page.getByRole("button", { name: "Switch on" }).click();
  const codes = page.getByRole("dialog", { name: "Your recovery codes" });
  await expect(codes.getByRole("listitem")).toHaveCount(10);
  await page.keyboard.press("Escape");
  await expect(codes).toBeVisible();
  await axe(page);
  await codes.getByLabel(/I have kept them/).check();
  await codes.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name: /Authenticator app on/ })).toBeVisible();

  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByLabel("Current password").fill("wrong");
  await page.getByLabel("New password").fill("winter apples on the sill");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByRole("alert")).toContainText("The current password is not right");
  await page.getByLabel("Current password").fill("correct horse battery staple");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByText("The new password is set.")).toBeVisible();

  await page
    .getByRole("button", { name: /^End the session/ })
    .first()
    .click();
  await page.getByRole("button", { name: "End it" }).click();
  await expect(page.getByRole("button", { name: /^End the session/ })).toHaveCount(0);
});

test("signing out everywhere asks first", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.getByRole("button", { name: "Account: Ada Byron" }).click();
  await axe(page);
  await page.getByRole("menuitem", { name: /everywhere/ }).click();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Acme" })).toBeVisible();
});

test("keys lead to the administration and the account", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page).toHaveURL(/\/admin\/members$/);
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await expect(page).toHaveURL(/\/account$/);
});

test("another workspace is made and opened", async ({ page }) => {
  await page.goto("/admin/workspace");
  await page.getByText("Make another workspace").click();
  const form = page.locator("details form");
  await form.getByLabel("Name").fill("Acme Research");
  await form.getByLabel("Region").selectOption("us-east");
  await axe(page);
  await form.getByRole("button", { name: "Make the workspace" }).click();
  await expect(page.getByRole("button", { name: /^Workspace: Acme Research/ })).toBeVisible();
});
