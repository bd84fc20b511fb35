// A visitor is somebody who uses the console in a real browser: Debian's Chromium,
// driven by playwright-core. He takes offence at what no page may do, whatever it
// is about: say something on the browser's console, ask anything of another
// origin, or lack a file of its own. leave() says what he saw.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

/** The address of a running `xinfang demo`. */
export const base = process.env.CONSOLE_URL;
assert.ok(base, 'CONSOLE_URL must say where `xinfang demo` is');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts the browser. It asks nothing of the network of its own accord. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || 'chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

export class Visitor {
  #offences = new Set();
  #requests = [];

  /** Opens a window; options are those of browser.newContext, and lang. */
  static async open(browser, { lang = 'zh-CN', ...options } = {}) {
    const v = new Visitor();
    v.context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 1000 }, ...options });
    await v.context.addCookies([{ name: 'lang', value: lang, url: base }]);
    v.context.setDefaultTimeout(30_000);
    v.page = await v.context.newPage();
    v.page.on('request', (r) => {
      v.#requests.push(r);
      if (!r.url().startsWith('data:') && new URL(r.url()).origin !== base) v.#offences.add(`asked ${r.url()}`);
    });
    v.page.on('response', (r) => {
      if (r.status() >= 400 && !r.request().isNavigationRequest()) v.#offences.add(`${r.status()} for ${r.url()}`);
    });
    v.page.on('console', (m) => { // that a page itself was refused is said by its status
      if (!m.text().startsWith('Failed to load resource')) v.#offences.add(`${m.type()} on ${v.page.url()}: ${m.text()}`);
    });
    v.page.on('pageerror', (e) => v.#offences.add(`${v.page.url()}: ${e}`));
    return v;
  }

  /** Goes to a page, which must answer with status. */
  async go(path, status = 200) {
    this.#requests = [];
    const response = await this.page.goto(base + path);
    assert.equal(response.status(), status, path);
  }

  /** Does what leads to another page, which must answer with status. */
  async follow(act, status = 200) {
    this.#requests = [];
    const arrival = this.page.waitForResponse((r) => r.request().isNavigationRequest() && (r.status() < 300 || r.status() >= 400));
    await act();
    const response = await arrival;
    await this.page.waitForLoadState();
    assert.equal(response.status(), status, `${response.url()}: ${(await this.text()).slice(0, 300)}`);
  }

  /** Signs in as the one whom the demonstration offers with all of these words. */
  async be(...words) {
    if (!this.page.url().includes('/sign-in')) await this.go('/sign-in');
    let card = this.page.locator('.people button');
    for (const word of words) card = card.filter({ hasText: word });
    if (!await card.first().isVisible()) await this.page.locator('summary').click();
    await this.follow(() => card.first().click());
  }

  /** What is on the page, for people. */
  text() { return this.page.locator('main').innerText(); }
  path() { return this.page.url().slice(base.length); }

  /** Fills in fields by their names; a list is chosen from, a box is ticked. */
  async fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = this.page.locator(`main [name="${name}"]`);
      if (value === true) await field.check();
      else if (await field.evaluate((e) => e.tagName === 'SELECT')) await field.selectOption(value);
      else await field.fill(value);
    }
  }

  /** Bytes that the page took to come, with everything that it needs. */
  async transferred() {
    const sizes = await Promise.all(this.#requests.filter((r) => !r.url().startsWith('data:') && !r.failure()).map((r) => r.sizes()));
    return sizes.reduce((sum, s) => sum + s.responseHeadersSize + s.responseBodySize, 0);
  }

  /** What axe finds wrong that is serious or critical. All that folds is unfolded first. */
  async barriers(rules) {
    await this.page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
    await this.page.evaluate(axe);
    const found = await this.page.evaluate((only) => globalThis.axe.run({ resultTypes: ['violations'], ...(only && { runOnly: only }) }), rules);
    assert.ok(found.passes.length > 0, 'axe looked at nothing');
    return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' | ')}`);
  }

  /** How many pixels the page is wider than the window. */
  overflow() { return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth); }

  async leave() {
    await this.context.close();
    assert.equal([...this.#offences].join('\n'), '');
  }
}

/** Lets a visitor do something, and leave. */
export async function visit(browser, options, act) {
  const v = await Visitor.open(browser, options);
  try {
    await act(v);
  } catch (err) {
    await v.context.close();
    throw err;
  }
  await v.leave();
}
