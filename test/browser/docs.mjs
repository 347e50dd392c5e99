// Opens the documentation in Chromium as people do: on a desk, on a narrow
// phone, with JavaScript off. Prints what is wrong, one thing a line.
import { accessible, base, browser, dark, desk, done, look, phone, plain, wrong } from './look.mjs'

async function guide(page, about) {
  if (await page.locator('main h1').count() !== 1) about('has no single h1')
  if (await page.locator('nav a[aria-current=page]').count() !== 1) about('does not say which page it is')
  await page.keyboard.press('Tab')
  if (await page.evaluate(() => document.activeElement.className) !== 'skip') about('the first stop of the keyboard is not the skip link')
  for (const href of await page.locator('main a[href^="/"], nav a[href^="/"]').evaluateAll((all) => [...new Set(all.map((a) => a.getAttribute('href')))])) {
    const r = await page.request.get(base + href)
    if (r.status() !== 200) about(`leads to ${href}, which answers ${r.status()}`)
  }
}

const response = await (await browser.newContext()).request.get(base + '/docs')
const pages = [...new Set([...(await response.text()).matchAll(/href="(\/docs[^"#]*)"/g)].map((m) => m[1]))].filter((p) => p !== '/docs/reference' && !p.includes('/assets/'))
if (pages.length < 14) wrong.push(`only ${pages.length} pages`)
for (const path of pages) {
  await look('desk', path, desk, async (page, about) => { await accessible(page, about); await guide(page, about) })
  await look('phone', path, phone)
}
await look('dark', '/docs/booking', dark, accessible)
await look('plain', '/docs/operations', plain, async (page, about) => {
  if (await page.locator('tbody tr').count() < 30) about('lists too few operations')
})
await look('plain', '/docs/reference', plain, async (page, about) => {
  if (!(await page.locator('body').innerText()).includes('needs JavaScript')) about('says nothing without JavaScript')
})
await look('desk', '/docs/reference', desk, async (page, about) => {
  await page.getByRole('heading', { name: 'Frontdesk API' }).first().waitFor()
  for (const tag of ['Booking', 'Patients', 'Setup']) await page.getByRole('button', { name: tag }).or(page.getByRole('link', { name: tag, exact: true })).first().click()
  for (const name of ['List Slots', 'Create an Appointment', 'Book an Appointment', 'Register a Patient', 'Create a session']) {
    await page.getByText(name).first().waitFor({ timeout: 5000 }).catch(() => about(`does not show ${name}`))
  }
})
await done()
