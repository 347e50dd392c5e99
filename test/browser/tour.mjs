// Walks the tour: books by a link in a window of a phone's size, moves the clock of
// the sandbox, and reads the reminder. Its arguments are the address, a folder
// for screenshots, a date of birth and the path of a booking link.
import { accessible, base, browser, done, phone, rest, shots, wrong } from './look.mjs'

const [born, link] = rest
const [year, month, day] = born.split('-')
const context = await browser.newContext(phone)
const page = await context.newPage()
const about = (text) => wrong.push(`${page.url()}: ${text}`)
const press = async (what) => { await Promise.all([page.waitForNavigation(), what.first().click()]) }
const button = (name) => page.getByRole('button', { name })

await page.goto(base + link)
await page.locator('#day').fill(day)
await page.locator('#month').fill(month)
await page.locator('#year').fill(year)
await press(button('Continue'))
await press(page.locator('.picks a'))
await press(page.locator('.slots button'))
await press(button('Book this appointment'))
const at = new Date(await page.locator('time').getAttribute('datetime'))

// inbox waits for so many messages about the appointment.
const time = at.toLocaleTimeString('en-GB', { timeZone: 'Europe/London', hour: 'numeric', minute: '2-digit', hour12: true }).replace(' ', '').replace(':00', '')
const inbox = async (count) => {
  for (const until = Date.now() + 60000; Date.now() < until;) {
    await page.goto(`${base}/sandbox/inbox`)
    const texts = await page.locator('.inbox li').allInnerTexts()
    if (texts.filter((t) => t.includes(time)).length >= count) return texts
    await page.waitForTimeout(250)
  }
  about(`has fewer than ${count} messages about ${time}`)
  return []
}
await inbox(1)
const clock = () => page.locator('form time').getAttribute('datetime').then((text) => new Date(text))
while (at - await clock() > 24 * 3600e3) await press(button('A day later'))
await accessible(page, about)
const texts = await inbox(2)
if (!texts.some((t) => /reminder|see you|remind/i.test(t))) about(`has no reminder: ${texts}`)
if (shots) await page.screenshot({ path: `${shots}/tour-inbox.png`, fullPage: true })
await done()
