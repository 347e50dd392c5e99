// Books by a link in Welsh, and looks at what every page has around it. Its
// arguments are the address, a folder for screenshots, a date of birth and the
// paths of two booking links.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { accessible, base, browser, desk, done, phone, plain, rest, shots, wrong } from './look.mjs'

const require = createRequire(new URL('../npm/package.json', import.meta.url))
const ical = require('ical.js').default ?? require('ical.js')
const [born, ...links] = rest
const [year, month, day] = born.split('-')

for (const [i, [name, options]] of Object.entries({ phone: { ...phone, locale: 'cy' }, plain: { ...plain, locale: 'cy-GB' } }).entries()) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  let step = 0
  const about = (text) => wrong.push(`${name} ${step} ${page.url()}: ${text}`)
  const sees = async (text) => {
    step++
    if (name !== 'plain') await accessible(page, about)
    if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
    if (await page.locator('html').getAttribute('lang') !== 'cy') about('is not in Welsh')
    if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
    if (shots) await page.screenshot({ path: `${shots}/welsh-${name}-${step}.png`, fullPage: true })
  }
  const press = async (what) => {
    await what.first().focus()
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  }
  const link = (text) => page.getByRole('link', { name: text })
  const button = (text) => page.getByRole('button', { name: text })
  await page.goto(base + links[i])
  await sees('Beth yw eich dyddiad geni?')
  await press(button('Parhau'))
  await sees('Rhowch eich dyddiad geni')
  await page.locator('#day').fill(day)
  await page.locator('#month').fill(month)
  await page.locator('#year').fill(year)
  await press(button('Parhau'))
  await sees('Ar gyfer beth mae angen apwyntiad arnoch?')
  await press(page.locator('.picks a'))
  await sees('Yr amser rhydd nesaf')
  if (!/Dydd (Llun|Mawrth|Mercher|Iau|Gwener|Sadwrn|Sul) \d+ \p{L}+/u.test(await page.locator('summary').first().innerText())) about('has no day in Welsh')
  await press(page.locator('.slots button'))
  await sees('Gwiriwch eich apwyntiad')
  await press(button('Trefnu’r apwyntiad hwn'))
  await sees('Mae eich apwyntiad wedi’i drefnu')
  // The file for a calendar is of the time that the page shows.
  const [download] = await Promise.all([page.waitForEvent('download'), link('Ei gadw fel ffeil calendr').click()])
  if (download.suggestedFilename() !== 'appointment.ics') about(`saves ${download.suggestedFilename()}`)
  const event = new ical.Event(new ical.Component(ical.parse(readFileSync(await download.path(), 'utf8'))).getFirstSubcomponent('vevent'))
  const shown = await page.locator('time').getAttribute('datetime')
  if (event.startDate.toJSDate().getTime() !== Date.parse(shown)) about(`the calendar has ${event.startDate}, the page ${shown}`)
  if (event.attendees.length !== 0) about('the file asks for a person')
  // The choice of a language stays.
  await press(link('English'))
  if (!(await page.locator('main').innerText()).includes('Your appointment is booked')) about('does not turn English')
  await page.reload()
  if (await page.locator('html').getAttribute('lang') !== 'en-GB') about('forgets the language')
  await press(link('Cymraeg'))
  await sees('Mae eich apwyntiad wedi’i drefnu')
  await press(link('Ei ganslo'))
  await sees('Ydych chi am ganslo’r apwyntiad hwn?')
  // A page that a form led to can be had in the other language too.
  await press(button('Canslo’r apwyntiad'))
  await sees('Mae eich apwyntiad wedi’i ganslo')
  await press(link('Preifatrwydd'))
  await sees('Cwcis')
  await press(link('Hygyrchedd'))
  await sees('WCAG')
  await context.close()
}

// The first thing on every page leads to what it is about, and an address that does not exist is a page.
const context = await browser.newContext(desk)
const page = await context.newPage()
const about = (text) => wrong.push(`${page.url()}: ${text}`)
for (const path of [links[0], '/s/nothing', '/s/nothing/at/all', '/m/nothing/more', '/video/nothing/more', '/pages/privacy', '/pages/nothing']) {
  const response = await page.goto(base + path)
  if (!response.headers()['content-type'].startsWith('text/html')) about('is no page')
  await accessible(page, about)
  await page.keyboard.press('Tab')
  if (await page.evaluate(() => document.activeElement.className) === 'skip') {
    await page.keyboard.press('Enter')
    if (await page.evaluate(() => document.activeElement.id) !== 'main') about('the skip link leads nowhere')
  } else {
    about('begins with something else than the skip link')
  }
}
await context.close()
await done()
