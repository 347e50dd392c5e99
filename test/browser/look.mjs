// What the scripts here share: a browser, and how to look at a page.
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync } from 'node:fs'

const require = createRequire(new URL('../npm/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const [base, shots, ...rest] = process.argv.slice(2)
if (shots) mkdirSync(shots, { recursive: true })
export const wrong = []
export const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

// look opens a page, and reports what a person or a checker would object to.
// status is what it answers, and later lists what the check makes it answer.
export async function look(name, path, options, check) {
  const { status, later = [], ...rest } = options
  const context = await browser.newContext(rest)
  const page = await context.newPage()
  const about = (text) => wrong.push(`${name} ${path}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:') && !r.url().startsWith('blob:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error' && ![status, ...later].some((s) => s && m.text().includes(`status of ${s}`))) about(`console: ${m.text()}`) })
  page.on('pageerror', (e) => about(`error: ${e.message}`))
  const response = await page.goto(base + path, { waitUntil: path === '/docs/reference' ? 'networkidle' : 'load' })
  if (response.status() !== (status ?? 200)) about(`status ${response.status()}`)
  if (check) await check(page, about)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  if (wide) about('is wider than the screen')
  if (shots) await page.screenshot({ path: `${shots}/${name}${path.replaceAll('/', '-').slice(0, 40)}.png`, fullPage: path !== '/docs/reference' })
  await context.close()
}

export async function accessible(page, about) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  for (const v of found.violations) about(`${v.id}: ${v.help} (${v.nodes.map((n) => n.target).join(', ')})`)
}

export const desk = { viewport: { width: 1280, height: 900 } }
export const phone = { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2 }
export const narrow = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }
export const dark = { ...desk, colorScheme: 'dark' }
export const plain = { ...desk, javaScriptEnabled: false }

// done says what is wrong and ends the script.
export async function done() {
  await browser.close()
  for (const line of wrong) console.log(line)
  process.exit(wrong.length > 0 ? 1 : 0)
}
