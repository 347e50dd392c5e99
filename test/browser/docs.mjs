// Opens the documentation in Chromium as people do: on a desk, on a narrow
// phone, with JavaScript off. Prints what is wrong, one thing a line.
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync } from 'node:fs'

const require = createRequire(new URL('../npm/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const [base, shots] = process.argv.slice(2)
if (shots) mkdirSync(shots, { recursive: true })
const wrong = []
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

// look opens a page, and reports what a person or a checker would object to.
async function look(name, path, options, check) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const about = (text) => wrong.push(`${name} ${path}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:') && !r.url().startsWith('blob:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error') about(`console: ${m.text()}`) })
  page.on('pageerror', (e) => about(`error: ${e.message}`))
  const response = await page.goto(base + path, { waitUntil: path === '/docs/reference' ? 'networkidle' : 'load' })
  if (response.status() !== 200) about(`status ${response.status()}`)
  if (check) await check(page, about)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  if (wide) about('is wider than the screen')
  if (shots) await page.screenshot({ path: `${shots}/${name}${path.replaceAll('/', '-')}.png`, fullPage: path !== '/docs/reference' })
  await context.close()
}

async function accessible(page, about) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  for (const v of found.violations) about(`${v.id}: ${v.help} (${v.nodes.map((n) => n.target).join(', ')})`)
}

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

const desk = { viewport: { width: 1280, height: 900 } }
const phone = { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2 }
const dark = { ...desk, colorScheme: 'dark' }
const plain = { ...desk, javaScriptEnabled: false }

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
await browser.close()
for (const line of wrong) console.log(line)
process.exit(wrong.length > 0 ? 1 : 0)
