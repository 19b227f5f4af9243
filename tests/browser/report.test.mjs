// The auditor's page in a real browser, and SARIF under the validator of those who wrote the format.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const reports = resolve(here, "../../target/reports");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
});
after(() => browser?.close());

/** Opens a report; every request but the page itself is collected. */
async function open(file, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const outside = [];
  const errors = [];
  page.on("request", (request) => { if (!request.isNavigationRequest()) outside.push(request.url()); });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  await page.goto(pathToFileURL(file).href);
  return { page, outside, errors, context };
}

for (const sample of ["clinic", "clean"]) {
  const file = join(reports, `${sample}.html`);

  test(`${sample}: the page verifies its own proofs and asks for nothing`, async () => {
    const { page, outside, errors, context } = await open(file);
    await page.waitForFunction(() => !document.getElementById("reverified").textContent.startsWith("This page carries"));
    assert.match(await page.textContent("#reverified"), /Your browser recomputed the proofs of all \d+ findings/);
    assert.deepEqual(outside, []);
    assert.deepEqual(errors, []);
    await context.close();
  });

  for (const scheme of ["light", "dark"]) {
    test(`${sample}: no accessibility violation (${scheme})`, async () => {
      const { page, context } = await open(file, { colorScheme: scheme, viewport: { width: 1200, height: 900 }, bypassCSP: true });
      await page.evaluate(() => document.querySelectorAll("details").forEach((item) => { item.open = true; }));
      await page.evaluate(axe);
      const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
      const seen = result.violations.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
      assert.deepEqual(seen, []);
      await context.close();
    });
  }
}

test("large: ten thousand findings fit on a page that opens and filters", async (context) => {
  const file = resolve(here, "../../target/tmp/large.html");
  const size = statSync(file).size;
  assert.ok(size < 12_000_000, `the page has ${size} bytes`);
  const begun = performance.now();
  const { page, errors, context: tab } = await open(file, { viewport: { width: 1280, height: 900 } });
  const opened = performance.now() - begun;
  const count = await page.locator("details.finding").count();
  assert.ok(count >= 10_000, `${count} findings`);
  const timed = (words) => page.evaluate((words) => {
    const field = document.getElementById("filter-text");
    field.value = words;
    const begun = performance.now();
    field.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();
    return performance.now() - begun;
  }, words);
  await page.waitForFunction(() => !document.getElementById("reverified").textContent.startsWith("This page carries"));
  assert.match(await page.textContent("#reverified"), /recomputed the proofs of all 10000 findings/);
  const first = await timed("copy-77");
  const second = await timed("copy-777 ");
  const shown = await page.evaluate(() => [...document.querySelectorAll("details.finding")].filter((item) => !item.hidden).length);
  assert.ok(shown > 0 && shown < 100, `${shown} are left`);
  assert.match(await page.textContent("#filter-count"), new RegExp(`^${shown} of ${count} shown$`));
  mkdirSync(join(reports, "shots"), { recursive: true });
  await page.screenshot({ path: join(reports, "shots", "large.png") });
  await timed("");
  assert.equal(await page.evaluate(() => document.querySelectorAll("details.finding[hidden]").length), 0);
  assert.deepEqual(errors, []);
  context.diagnostic(`${count} findings, ${(size / 1e6).toFixed(1)} MB, opened in ${opened.toFixed(0)} ms, filtered in ${first.toFixed(0)} ms at first and ${second.toFixed(0)} ms after`);
  await tab.close();
});

test("clinic: the population can be taken away and is what its digest says", async () => {
  const { page, context } = await open(join(reports, "clinic.html"), { javaScriptEnabled: false });
  const address = await page.getAttribute("#population-csv", "href");
  const text = decodeURIComponent(address.slice(address.indexOf(",") + 1));
  const digest = createHash("sha256").update(text).digest("hex");
  assert.ok((await page.textContent("#population")).includes(digest));
  const run = JSON.parse(readFileSync(join(reports, "clinic.json"), "utf8"));
  const assets = run.assets.filter((asset) => asset.kind !== "Column");
  assert.equal(text.trimEnd().split("\r\n").length, assets.length + 1);
  // The sample is drawn again by hand.
  const rank = (id) => createHash("sha256").update(run.run.id + id).digest("hex");
  const expected = assets.map((asset) => asset.id).sort((one, other) => (rank(one) < rank(other) ? -1 : 1)).slice(0, 25);
  const drawn = await page.locator("#population table:has(caption:text-is('Sample of the population')) tbody tr td:nth-child(2)").allTextContents();
  assert.deepEqual(drawn, expected);
  await context.close();
});

test("clinic: the page has all of its sections, and findings can be sorted and copied", async () => {
  const { page, errors, context } = await open(join(reports, "clinic.html"));
  const heads = await page.locator("main h2").allTextContents();
  assert.deepEqual(heads, ["Scope and limitations", "Summary", "Laws and standards", "Control matrix", "Data map", "Findings", "Access matrix", "Exceptions register", "Population and sampling", "Chain of custody", "Re-performance", "Sign-off", "Glossary"]);
  assert.equal(await page.locator("svg.map rect").count() > 10, true);
  await page.selectOption("#filter-sort", "policy");
  const policies = await page.locator("details.finding").evaluateAll((items) => items.map((item) => item.querySelector("summary .where i").textContent));
  assert.deepEqual(policies, [...policies].sort((one, other) => one.localeCompare(other)));
  const patched = page.locator("details.finding:has(pre.patch)").first();
  await patched.locator("summary").click();
  await patched.locator("button.copy").waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test("clinic: everything is readable without JavaScript", async () => {
  const { page, context } = await open(join(reports, "clinic.html"), { javaScriptEnabled: false });
  const run = JSON.parse(readFileSync(join(reports, "clinic.json"), "utf8"));
  assert.equal(await page.locator("details.finding").count(), run.findings.length);
  await page.locator("details.finding summary").first().click();
  assert.ok(await page.locator("details.finding .body").first().isVisible());
  await context.close();
});

test("clinic: a tampered page says so", async () => {
  const text = readFileSync(join(reports, "clinic.html"), "utf8");
  const forged = join(reports, "forged.html");
  const title = text.match(/<span class="title">.*?<\/span>/)[0];
  writeFileSync(forged, text.replace(title, '<span class="title">nothing to see</span>'));
  const { page, context } = await open(forged);
  await page.waitForFunction(() => !document.getElementById("reverified").textContent.startsWith("This page carries"));
  assert.match(await page.textContent("#reverified"), /was changed after it was written/);
  await context.close();
});

test("clinic: nothing is cut off on a narrow screen, and the page prints", async () => {
  const { page, context } = await open(join(reports, "clinic.html"), { viewport: { width: 390, height: 800 } });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 1, `the page is ${over} px wider than the screen`);
  mkdirSync(join(reports, "shots"), { recursive: true });
  await page.screenshot({ path: join(reports, "shots", "clinic-narrow.png") });
  const printed = await page.pdf({ format: "A4", path: join(reports, "shots", "clinic.pdf") });
  assert.ok(printed.length > 10_000);
  await context.close();
  const wide = { viewport: { width: 1280, height: 900 } };
  const light = await open(join(reports, "clinic.html"), wide);
  await light.page.screenshot({ path: join(reports, "shots", "clinic.png") });
  await light.context.close();
  // A finding that is open, as one reads it.
  const dark = await open(join(reports, "clinic.html"), { ...wide, colorScheme: "dark" });
  const finding = dark.page.locator("details.finding:has(ol.path):has(pre.patch)").first();
  await finding.locator("summary").click();
  await finding.evaluate((item) => item.scrollIntoView());
  await dark.page.screenshot({ path: join(reports, "shots", "clinic-dark.png") });
  await dark.context.close();
});

for (const name of ["clinic", "clinic-audit"]) test(`${name}: SARIF holds under sarif-multitool`, () => {
  const file = join(reports, `${name}.sarif`);
  assert.ok(existsSync(file));
  const tool = join(here, "node_modules", ".bin", "sarif-multitool");
  for (const kind of ["Sarif", "Gh"]) {
    const report = join(reports, `${name}-${kind}.sarif.json`);
    try {
      execFileSync(tool, ["validate", file, "--rule-kind", kind, "--output", report, "--log", "ForceOverwrite"], { stdio: "pipe" });
    } catch (error) {
      if (!existsSync(report)) throw error;
    }
    const results = JSON.parse(readFileSync(report, "utf8").replace(/^\uFEFF/, "")).runs.flatMap((run) => run.results ?? []);
    const wrong = results.filter((result) => result.level === "error").map((result) => `${result.ruleId}: ${result.message.text ?? JSON.stringify(result.message)}`);
    assert.deepEqual(wrong, []);
  }
});
