// What holds of every page, whatever it is about: it can be used by everybody
// (axe: nothing serious), in the light and in the dark, in both languages, at
// 390 px and on paper; and it comes in under 150 KB. Visitor looks after the rest.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { launch, visit } from './visitor.mjs';

const showcase = '/cases/XF-2026-004417';

// Pages by who looks at them. The first are looked at in every way, the rest in
// one way only.
const everyWay = [
  { pages: ['/sign-in'] },
  { as: ['王某', '检查组组长'], pages: ['/', '/cases?queue=statutory&unit=zjj', showcase, '/measures', '/reports', '/reports/units/zjj?from=2026-07-01&to=2026-10-01'] },
  { as: ['李某', '接访员'], pages: ['/registration'] },
  { as: ['陈某', '信访科科员'], pages: [`${showcase}/commands/request-extension`] },
];
const oneWay = [
  { as: ['王某', '检查组组长'], pages: ['/reports/cases/XF-2026-004417', '/ledger', '/ledger/events', '/me', '/help', '/help/api'] },
  { as: ['李某', '接访员'], pages: ['/imports'] },
];

const narrow = { viewport: { width: 390, height: 844 } };
const ways = [
  { name: 'in the light', pages: [...everyWay, ...oneWay] },
  { name: 'in the dark', options: { colorScheme: 'dark' }, rules: ['color-contrast'] }, // nothing else depends on it
  { name: 'in English', options: { lang: 'en' }, check: inEnglish },
  { name: 'at 390 px', options: narrow, check: onAPhone },
];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const { name, options, pages = everyWay, rules, check } of ways) {
  describe(name, { concurrency: 2 }, () => {
    for (const who of pages) {
      test((who.as ?? ['nobody']).join(', '), () => visit(browser, options, async (v) => {
        if (who.as) await v.be(...who.as);
        await (await v.context.newCDPSession(v.page)).send('Network.setCacheDisabled', { cacheDisabled: true });
        for (const path of who.pages) {
          await v.go(path);
          const bytes = await v.transferred();
          assert.ok(bytes > 2_000 && bytes < 150_000, `${path} took ${bytes} bytes`);
          await check?.(v.page, path);
          assert.deepEqual(await v.barriers(rules), [], path);
          assert.equal(await v.overflow(), 0, `${path} is wider than the window`); // with everything unfolded
        }
      }));
    }
  });
}

// On a phone nothing of a page is beside the window, not even within a table that
// could be scrolled: what nobody sees, nobody looks for. Each cell says what it is.
async function onAPhone(page, path) {
  const lost = await page.evaluate(() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const beside = (e) => { const box = e.getBoundingClientRect(); return box.width > 0 && (box.left < 0 || box.right > innerWidth); };
    const silent = (e) => !e.hasAttribute('colspan') && e.childNodes.length > 0 && !e.dataset.label;
    return [
      ...all('main, main .scroll').filter((e) => e.scrollWidth > e.clientWidth).map((e) => `scrolls: ${e.textContent.slice(0, 40)}`),
      ...all('main td, main tbody th').filter(beside).map((e) => `beside the window: ${e.textContent}`),
      ...all('.stack td').filter(silent).map((e) => `says not what it is: ${e.textContent}`),
    ];
  });
  assert.deepEqual(lost, [], path);
}

// The console's own words, and those of the law, in Chinese: what an English page
// must not say. That a document of the demonstration has the title of a command is
// no fault of the page.
const chinese = new Set();
for (const dir of ['..', '../../../domain/petition', '../../../domain/law', '../../../projections/measure', '../../../projections/report']) {
  for (const file of readdirSync(new URL(dir, import.meta.url)).filter((f) => /(?<!_test)\.go$/.test(f))) {
    const source = readFileSync(new URL(`${dir}/${file}`, import.meta.url), 'utf8');
    for (const [, zh, en] of source.matchAll(/\{(?:ZH: )?"([^"]*)", (?:EN: )?"([^"]*)"\}/g)) {
      if (/\p{Script=Han}/u.test(zh) && !/\p{Script=Han}/u.test(en)) chinese.add(zh);
    }
  }
}
chinese.delete('督办反馈');

async function inEnglish(page, path) {
  assert.ok(chinese.size > 300, `found ${chinese.size} words only`);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  const texts = await page.evaluate(() => {
    const found = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let n = walk.nextNode(); n; n = walk.nextNode()) {
      if (n.nodeType === Node.TEXT_NODE) found.push(n.data);
      else for (const name of ['title', 'aria-label', 'placeholder', 'data-label']) found.push(n.getAttribute(name) ?? '');
    }
    return found;
  });
  const wrong = texts.map((t) => t.trim()).filter((t) => chinese.has(t) || t.split(/[·;:,()\s]+/).some((word) => chinese.has(word))
    || /[（：；，][A-Za-z]|[A-Za-z][）：；，]/.test(t)); // Chinese punctuation around English
  assert.deepEqual(wrong, [], path);
}

test('on paper', () => visit(browser, { colorScheme: 'dark', viewport: { width: 680, height: 1000 } }, async (v) => { // A4 less its margins
  await v.be('王某', '检查组组长');
  await v.page.emulateMedia({ media: 'print' });
  for (const path of ['/', '/cases?queue=statutory', showcase, '/measures', '/reports/cases/XF-2026-004417', '/reports/units/zjj?from=2026-07-01&to=2026-10-01']) {
    await v.go(path);
    for (const gone of ['.rail', '.find', '.who', 'main form', '.commands', '.tabs']) {
      for (const e of await v.page.locator(gone).all()) assert.equal(await e.isVisible(), false, `${path} ${gone}`);
    }
    assert.ok(await v.page.locator('main h1').isVisible(), path);
    const ink = await v.page.evaluate(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; });
    assert.deepEqual(ink, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], path); // light, whatever the screen is
    assert.equal(await v.overflow(), 0, `${path} is wider than the paper`);
  }
}));

test('by keyboard', () => visit(browser, {}, async (v) => {
  await v.be('王某', '检查组组长');
  await v.page.keyboard.press('Tab');
  const skip = v.page.locator(':focus');
  assert.equal(await skip.innerText(), '跳到正文');
  assert.ok((await skip.boundingBox()).x >= 0); // it can be seen
  assert.equal(await skip.evaluate((e) => getComputedStyle(e).outlineWidth), '3px');
  await v.page.keyboard.press('Enter');
  assert.match(v.path(), /#main$/);
  await v.page.keyboard.press('Tab'); // from there on, not from the top
  assert.ok(await v.page.locator('main :focus').count() === 1);
}));
