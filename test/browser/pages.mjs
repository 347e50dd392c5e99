// Opens the patients' pages in Chromium as patients do. Its arguments are the
// address, a folder for screenshots, and the path of an identity check's page.
import { accessible, dark, desk, done, look, phone, plain, rest } from './look.mjs'

const [verify] = rest
const says = (text) => async (page, about) => {
  await accessible(page, about)
  if (!(await page.locator('main').innerText()).includes(text)) about(`does not say "${text}"`)
  if (await page.locator('main h1').count() !== 1) about('has no single h1')
}
for (const [name, options] of Object.entries({ desk, phone, dark })) {
  await look(name, verify, options, says('on 01632 960100'))
}
await look('plain', verify, plain)
await look('desk', '/verify/1-nobody', { ...desk, status: 404 }, says('contact your practice'))
await done()
