// Opens every page of the console in a real browser, at three widths, light and dark. Prints one JSON line for each fault, and
// writes a screenshot for each page into OUT, if it is set.
//
//   CONSOLE=<link to sign in> PAGES=<JSON: name to path> node walk.mjs
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const link = new URL(process.env.CONSOLE);
const pages = JSON.parse(process.env.PAGES);
const out = process.env.OUT;
const WIDTHS = [360, 1280, 2560];
let faults = 0;
let transferred = 0;

function fault(where, what) {
  faults += 1;
  console.log(JSON.stringify({ where, what }));
}

// Without these, Chromium looks for hosts of its maker at every start.
const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Chromium's own sandbox refuses to run as root, as tests in containers do.
  args: ["--headless", "--disable-gpu", ...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...quiet],
});
const context = await browser.newContext();
const page = await context.newPage();
let where = "start";
page.on("console", (message) => {
  const expected = where.startsWith("error") || where.startsWith("sign out") ? /status of 40[14]/ : /^$/;
  if (["error", "warning"].includes(message.type()) && !expected.test(message.text())) fault(where, message.text());
});
page.on("pageerror", (error) => fault(where, String(error)));
page.on("dialog", (dialog) => { fault(where, `a script of the source ran: ${dialog.message()}`); dialog.dismiss(); });
page.on("request", (request) => { if (new URL(request.url()).host !== link.host) fault(where, `asks another host: ${request.url()}`); });

// The first view: everything that is transferred until the page with the sources is there.
const session = await context.newCDPSession(page);
await session.send("Network.enable");
session.on("Network.loadingFinished", (event) => { transferred += event.encodedDataLength; });
await page.goto(link.href, { waitUntil: "load" });
await page.waitForTimeout(200);
console.log(JSON.stringify({ first_view_bytes: transferred }));

// Opens a page at every width, light and dark, and looks for what is wrong with it.
async function look(name, path, schemes = ["light", "dark"], widths = WIDTHS) {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const width of widths) {
      where = `${name} ${width} ${scheme}`;
      await page.setViewportSize({ width, height: width < 500 ? 780 : 1000 });
      const answer = await page.goto(link.origin + path, { waitUntil: "load" });
      const wanted = name.startsWith("error") ? 404 : 200;
      if (answer.status() !== wanted) fault(where, `status ${answer.status()}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) fault(where, `wider than the window by ${wide} px`);
      if (width === 1280 || (width === 360 && scheme === "light")) await rules();
      if (out) await page.screenshot({ path: `${out}/${name}-${width}-${scheme}.png`, fullPage: width < 2000 });
    }
  }
}

async function rules() {
  // As the debugger does: the policy of the page allows no script of ours.
  await session.send("Runtime.evaluate", { expression: axe });
  const found = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.failureSummary || '').slice(0, 200))])))",
    awaitPromise: true,
    returnByValue: true,
  });
  if (found.exceptionDetails) fault(where, `axe did not run: ${found.exceptionDetails.text}`);
  else for (const violation of JSON.parse(found.result.value)) fault(where, violation);
}

for (const [name, path] of Object.entries(pages)) await look(name, path);

// By keyboard alone: the skip link, then a row of the table.
where = "keyboard";
await page.setViewportSize({ width: 1280, height: 1000 });
await page.goto(link.origin, { waitUntil: "load" });
await page.keyboard.press("Tab");
if (!(await page.evaluate(() => document.activeElement.classList.contains("skip")))) fault(where, "the first stop is not the skip link");
await page.keyboard.press("Enter");
await page.keyboard.press("j");
const row = await page.evaluate(() => document.activeElement.getAttribute("href"));
if (!row?.startsWith("/sources/")) fault(where, `j leads to ${row}`);
await page.keyboard.press("Enter");
await page.waitForURL("**/sources/*");

// A page is read again when a job goes on, and the focus stays where it was.
where = "live";
await page.goto(link.origin + pages.source, { waitUntil: "load" });
await page.getByRole("link", { name: "Changes" }).focus();
const begun = await page.evaluate(async (address) => (await fetch(address + "/test", { method: "POST" })).status, pages.source);
if (begun !== 200) fault(where, `the test did not begin: ${begun}`);
await page.waitForFunction(() => document.getElementById("status").textContent !== "", null, { timeout: 15000 })
  .catch(() => fault(where, "the page is not read again"));
if (!(await page.evaluate(() => document.activeElement.textContent === "Changes"))) fault(where, "the focus is lost");

// Out again, and nothing is left.
where = "sign out";
await page.getByRole("button", { name: "Sign out" }).click();
await page.waitForLoadState("load");
if (!(await page.getByRole("heading", { name: "Sign in" }).isVisible())) fault(where, "the page is not the one to sign in");

// In again, with the token of each role: nobody sees a button that they may not press.
const roles = JSON.parse(process.env.ROLES);
const buttons = () => page.evaluate(() => [...document.querySelectorAll("main form[method=post] button")].map((one) => one.textContent.trim()).sort().join(", "));
const expected = {
  viewer: { source: "", "plans-source": "", "plan-waiting": "" },
  operator: { source: "Read now, Test the connection", "plans-source": "Preview", "plan-waiting": "Discard, Preview again" },
  approver: { source: "Read now, Test the connection", "plans-source": "Preview", "plan-waiting": "Approve and apply, Discard, Preview again" },
};
for (const [role, token] of Object.entries(roles)) {
  where = `sign out ${role}`;
  await page.setViewportSize({ width: 1280, height: 1000 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.goto(link.origin, { waitUntil: "load" });
  await rules();
  if (out) await page.screenshot({ path: `${out}/sign-in-1280-light.png` });
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in with the token" }).click();
  await page.waitForURL(`${link.origin}/`);
  for (const [name, wanted] of Object.entries(expected[role])) {
    await look(`${role}-${name}`, pages[name], ["light"], [360, 1280]);
    const found = await buttons();
    if (found !== wanted) fault(where, `${name} has the buttons ${found}`);
  }
  where = `sign out ${role}`;
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForLoadState("load");
}

await browser.close();
process.exit(faults > 0 ? 1 : 0);
