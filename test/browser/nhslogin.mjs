// Logs in by NHS login from links in Chromium, cancels, and books. Its arguments
// are the address, a folder for screenshots, the address of the OpenID provider,
// and for each way of looking the paths of a link for anyone and one of Ada's.
import { accessible, base, browser, dark, desk, done, narrow, phone, plain, rest, shots, wrong } from './look.mjs'

const [issuer, ...links] = rest
const ways = { desk, narrow, phone, dark, plain }

for (const [i, [name, options]] of Object.entries(ways).entries()) {
  for (const [j, kind] of ['anyone', 'tied'].entries()) {
    const at = base + links[2 * i + j]
    const context = await browser.newContext(options)
    const page = await context.newPage()
    let step = 0
    const about = (text) => wrong.push(`${name} ${kind} ${step} ${page.url()}: ${text}`)
    page.on('request', (r) => { if (![base, issuer, 'data:'].some((s) => r.url().startsWith(s))) about(`asks ${r.url()}`) })
    page.on('console', (m) => { if (m.type() === 'error') about(`console: ${m.text()}`) })
    const sees = async (text) => {
      step++
      if (name !== 'plain') await accessible(page, about)
      if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
      if (await page.locator('main h1').count() !== 1) about('has no single h1')
      if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) about('is wider than the screen')
      if (shots) await page.screenshot({ path: `${shots}/login-${name}-${kind}-${step}.png`, fullPage: true })
    }
    const logIn = async (who) => {
      await page.getByRole('button', { name: 'Continue to NHS login' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(`${issuer}/**`)
      await page.getByRole('button', { name: who, exact: true }).click()
      await page.waitForURL(`${base}/**`)
    }
    await page.goto(at)
    await sees('Or use NHS login')
    // The page on the way there, held back for a look.
    await page.route('**/nhs-login/start', async (route) => {
      const response = await route.fetch()
      const { refresh, ...headers } = response.headers()
      if (!refresh?.startsWith(`0; url=${issuer}`)) about(`leads to ${refresh}`)
      await route.fulfill({ response, headers })
    }, { times: 1 })
    await page.getByRole('button', { name: 'Continue to NHS login' }).click()
    await page.getByRole('link', { name: 'Continue to NHS login' }).waitFor()
    await sees('You are being taken to NHS login')
    await page.goto(at)
    await logIn('Cancel')
    await sees('You did not finish signing in with NHS login')
    await logIn('grace')
    await sees('NHS login has not checked your identity yet')
    if (kind === 'tied') {
      await context.clearCookies()
      await page.goto(at)
      await logIn('alan')
      await sees('is not the one this link is for')
    }
    await context.clearCookies()
    await page.goto(at)
    await logIn('ada')
    await sees('Next free time')
    await page.locator('.slots button').first().click()
    await page.getByRole('button', { name: 'Book this appointment' }).click()
    await sees('Your appointment is booked')
    // A patient may have three to come.
    await page.getByRole('link', { name: 'Cancel it' }).click()
    await page.getByRole('button', { name: 'Cancel the appointment' }).click()
    await sees('Your appointment is cancelled')
    if (await page.evaluate(() => document.cookie) !== '') about('a script can read a cookie')
    await context.close()
  }
}
await done()
