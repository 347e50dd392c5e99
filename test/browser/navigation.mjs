// Fills in a care navigation form by links in Chromium and looks at where the answers lead. Its arguments are the
// address, a folder for screenshots, a date of birth, and for each way of looking the paths of four form links.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const [born, ...links] = rest
const ways = { desk, narrow, phone, dark, plain, welsh: { ...phone, locale: 'cy' } }
const [year, month, day] = born.split('-')
const ends = [
  ['urgent', 'Yes', '3', 'Urgent advice', 'Cyngor brys', 'Call 999 now'],
  ['task', 'No', '14', 'The practice will contact you', 'Bydd y practis yn cysylltu', ''],
  ['appointment', 'No', '7', 'Choose a time', 'Dewis amser', ''],
  ['advice', 'No', '1', 'No appointment has been made', 'Nid oes apwyntiad', 'Look after yourself'],
]

for (const [name, options] of Object.entries(ways)) {
  for (const [end, breath, days, text, cymraeg, more] of ends) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const about = (what) => wrong.push(`${name} ${end} ${page.url()}: ${what}`)
    page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
    page.on('console', (m) => { if (m.type() === 'error') about(`console: ${m.text()}`) })
    const press = async (what) => {
      await what.first().focus()
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
    }
    const go = page.locator('main form button').first()
    await page.goto(base + links.shift())
    await page.locator('#day').fill(day)
    await page.locator('#month').fill(month)
    await page.locator('#year').fill(year)
    await press(go)
    await press(page.locator('a.go'))
    await page.getByLabel(breath, { exact: true }).check()
    await page.getByLabel('For how many days?').fill(days)
    await press(go)
    await press(page.locator('main form button'))
    if (name !== 'plain') await accessible(page, about)
    const says = await page.locator('main').innerText()
    for (const want of [name === 'welsh' ? cymraeg : text, more, '999', '111']) {
      if (!says.includes(want)) about(`does not say "${want}"`)
    }
    if (await page.locator('main h1').count() !== 1) about('has no single h1')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if (/\bada\b|byron/i.test(await page.title() + page.url())) about('has a name in its title or address')
    if (end === 'urgent' && !/^(Urgent advice|Cyngor brys): /.test(await page.title())) about('does not begin its title with that it is urgent')
    if (shots) await page.screenshot({ path: `${shots}/navigation-${name}-${end}.png`, fullPage: true })
    if ((await page.locator('a.go').count() === 1) !== (end === 'appointment')) about('leads to booking, or does not when it should')
    if (end === 'appointment') {
      await press(page.locator('a.go'))
      await page.locator('#day').fill(day)
      await page.locator('#month').fill(month)
      await page.locator('#year').fill(year)
      await press(go)
      if (await page.locator('main form button, main a').count() === 0) about('offers no time')
      if (name !== 'plain') await accessible(page, about)
    }
    await context.close()
  }
}
await done()
