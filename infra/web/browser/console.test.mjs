// What people do with the console, in a real browser: each walk is made twice,
// with JavaScript and without, because nothing may depend on it. browser_test.go
// in cmd/xinfang starts the demonstration that is walked through.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, visit } from './visitor.mjs';

const showcase = '/cases/XF-2026-004417';
const inspector = ['王某', '检查组组长'];
const handler = ['陈某', '区住建局'];
const registrar = ['李某', '接访员'];
const dispatcher = ['赵某', '转办科'];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const javaScriptEnabled of [true, false]) {
  const as = (...who) => (walk) => () => visit(browser, { javaScriptEnabled }, async (v) => {
    await v.be(...who);
    await walk(v, v.page);
  });

  describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test('signing in', () => visit(browser, { javaScriptEnabled }, async (v) => {
      await v.go('/cases?queue=statutory');
      assert.match(v.path(), /^\/sign-in\?to=/);
      await v.page.getByLabel('令牌').fill('nobody');
      await v.follow(() => v.page.getByRole('button', { name: '登录' }).click(), 401);
      assert.match(await v.text(), /登录未成功/);
      await v.be(...inspector);
      assert.equal(v.path(), '/cases?queue=statutory'); // where he had wanted to go
      assert.match(await v.page.locator('.ribbon').innerText(), /演示数据/);
    }));

    test('from the overview to the overdue cases, and narrower', as(...inspector)(async (v, page) => {
      const card = page.locator('.card', { hasText: '法定超期' });
      const overdue = Number(await card.locator('strong').innerText());
      assert.ok(overdue > 0);
      await v.follow(() => card.click());
      assert.equal(v.path(), '/cases?queue=statutory');
      const count = async () => parseInt(await page.locator('.summary strong').innerText(), 10);
      assert.equal(await count(), overdue); // the number is a link to the list that makes it
      assert.equal(await page.locator('.tabs [aria-current]').innerText(), '法定超期');
      for (const light of await page.locator('.cases tr td:nth-child(5)').allInnerTexts()) assert.match(light, /超期 \d+ 天/);

      await page.getByText('筛选条件').click();
      await v.fill({ unit: 'zjj', stage: 'HANDLING' });
      await v.follow(() => page.getByRole('button', { name: '筛选', exact: true }).click());
      const there = new URL(page.url()).searchParams;
      assert.deepEqual([there.get('queue'), there.get('unit'), there.get('stage')], ['statutory', 'zjj', 'HANDLING']);
      const narrow = await count();
      assert.ok(narrow > 0 && narrow < overdue, `${narrow} of ${overdue}`);
      for (const unit of await page.locator('.cases tr td:nth-child(3)').allInnerTexts()) assert.match(unit, /^区住建局/);

      // The address is the list: whoever follows it sees the same.
      const [address, list] = [v.path(), await page.locator('.cases').innerText()];
      await v.go('/');
      await v.go(address);
      assert.equal(await page.locator('.cases').innerText(), list);

      assert.deepEqual((await page.locator('.chips li').allInnerTexts()).map((t) => t.replace(/\s+/g, '')), ['环节：办理中✕', '单位：区住建局✕', '清空']);
      await v.follow(() => page.getByRole('link', { name: '去掉条件 单位' }).click());
      assert.equal(new URL(page.url()).searchParams.has('unit'), false);
      assert.equal(new URL(page.url()).searchParams.get('stage'), 'HANDLING');
      assert.ok(await count() >= narrow);
    }));

    test('the showcase, as an inspector sees it', as(...inspector)(async (v, page) => {
      await v.go(showcase);
      const heads = await page.locator('.heads').innerText();
      assert.match(heads, /法定\s+✗ 超期 3 天\s+2026-11-20 周五/);
      assert.match(heads, /区内\s+✗ 超期 33 天\s+2026-10-21 周三/);

      // Both times of a late entry, and how far they are apart.
      const late = page.locator('.timeline tr', { hasText: '13 天' });
      assert.match(await late.innerText(), /2026-09-05 09:30\s+2026-09-18 17:40\s+⚠ 13 天.*签收.*补录/s);
      assert.match(await page.locator('.timeline tr.curing').innerText(), /补录\s*治愈超期/);
      const all = await page.locator('.timeline tbody tr').count();

      // How a due date came about.
      const closing = page.locator('#clocks ~ * tr', { hasText: '超期 33 天' });
      const steps = closing.locator('details').first();
      assert.equal(await steps.locator('li').first().isVisible(), false);
      await steps.getByText('推算过程').click();
      const derivation = await steps.locator('ol').innerText();
      for (const word of ['2026-09-21', '60', '2026-11-20', '条例']) assert.ok(derivation.includes(word), `${word} is not in ${derivation}`);

      await v.follow(() => page.getByRole('link', { name: '更正补录' }).click());
      const some = await page.locator('.timeline tbody tr').count();
      assert.ok(some > 0 && some < all, `${some} of ${all}`);

      await v.follow(() => page.getByRole('link', { name: '案件检查报告' }).click());
      assert.match(await v.text(), /治愈/);
    }));

    test('an extension of 40 days is refused, and the form kept', as(...handler)(async (v, page) => {
      await v.go(showcase);
      const [before, commands] = [await page.locator('.timeline tbody tr').count(), await page.locator('.commands').innerText()];
      assert.match(commands, /申请延期/);
      assert.doesNotMatch(commands, /签收|受理|送达|督办反馈意见|转送交办/); // done, too early, or not his to do

      await v.follow(() => page.getByRole('link', { name: '申请延期' }).click());
      await v.fill({ 'c.days': '40', reason: '需要委托鉴定' });
      await v.follow(() => page.getByRole('button', { name: '申请延期' }).click(), 422);
      const refusal = await page.getByRole('alert').innerText();
      for (const word of ['没有记录', 'ERR_EXT_GT_30', '信访工作条例第34条']) assert.ok(refusal.includes(word), `${word} is not in ${refusal}`);
      assert.equal(await page.getByLabel('天数').inputValue(), '40');
      assert.equal(await page.locator('main [name=reason]').inputValue(), '需要委托鉴定');

      await v.go(showcase);
      assert.equal(await page.locator('.timeline tbody tr').count(), before);
    }));

    test('what is signed, and the evidence of a case', as(...inspector)(async (v, page) => {
      await v.go('/ledger');
      assert.match(await v.text(), /demo\.example\.gov\.cn\/petition · 前 \d+ 条[\s\S]*UNWITNESSED/);
      await page.getByText('检查点（可抄下').click();
      assert.match(await page.locator('pre.note').innerText(), /^demo\.example\.gov\.cn\/petition\n\d+\n[A-Za-z0-9+/=]{44}\n\n— /);
      await v.go(showcase);
      assert.match(await page.locator('header.case').innerText(), /已公证，UNWITNESSED/);
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '证据包' }).click()]);
      assert.equal(download.suggestedFilename(), 'XF-2026-004417.evidence.zip');
    }));

    test('who is inspected cannot tell', as(...handler)(async (v, page) => {
      await v.go('/no-such-page', 404);
      const nothing = await v.text();
      for (const path of ['/reports', '/reports/cases/XF-2026-004417', '/reports/units/zjj', '/ledger/events', '/measures']) {
        await v.go(path, 404);
        assert.equal(await v.text(), nothing, path);
      }
      for (const path of ['/', '/cases', showcase, '/ledger', '/me']) {
        await v.go(path);
        assert.doesNotMatch(await page.content(), /红旗|检查(?!点)/, path);
      }
    }));

    test('a petition is registered, found and classified', async () => {
      let number;
      await as(...registrar)(async (v, page) => {
        await v.go('/registration');
        number = await page.getByLabel('信访件编号').inputValue();
        await v.fill({
          'r.channel': 'letter', 'c.petitioner.name': '张𬭎', 'c.petitioner.phone': '13900000000',
          'c.summary': '反映𬭎溪社区低保金停发', 'c.claims.0.summary': '恢复发放低保金', 'c.claims.0.text': '张𬭎要求恢复发放低保金',
          received_at: '2026-11-23T08:40',
        });
        const register = () => page.getByRole('button', { name: '收件登记' }).click();
        await v.follow(register, 422); // where he lives is missing
        assert.match(await page.getByRole('alert').innerText(), /ERR_PETITIONER_REQUIRED · 信访工作条例第19条/);
        assert.equal(await page.getByLabel('姓名').inputValue(), '张𬭎');
        await v.fill({ 'c.petitioner.address': '𬭎溪社区一号' });
        await v.follow(register);
        assert.match(await v.text(), /✓ 已记录/);
        assert.equal(new URL(page.url()).pathname, `/cases/${number}`);
        assert.doesNotMatch(await page.content(), /张𬭎|13900000000|社区一号/); // masked: it takes a purpose to see it

        for (const words of [number, '低保', '𬭎', '张𬭎', '13900000000']) {
          await page.getByRole('searchbox', { name: '检索' }).first().fill(words);
          await v.follow(() => page.getByRole('button', { name: '检索' }).click());
          await v.follow(() => page.getByRole('link', { name: '最近录入' }).click());
          assert.ok(await page.getByRole('link', { name: number }).isVisible(), words);
        }
      })();
      await as(...dispatcher)(async (v, page) => {
        await v.go(`/cases/${number}`);
        await v.follow(() => page.getByRole('link', { name: '甄别分类' }).click());
        await v.fill({ 'c.class': 'claim', 'c.path': 'petition' });
        await v.follow(() => page.getByRole('button', { name: '甄别分类' }).click());
        assert.match(await v.text(), /✓ 已记录[^]*已分类/);
      })();
    });
  });
}
