// A video consultation between two browsers with invented cameras. Its arguments are the address, a folder for
// screenshots, the paths of the patient's and of the staff's page, and whether the call goes "direct" or by "relay".
import { createRequire } from 'node:module'
import { accessible, base, desk, phone, plain, rest, shots, wrong } from './look.mjs'
import * as looking from './look.mjs'

await looking.browser.close()
const require = createRequire(new URL('../npm/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const [patientPath, staffPath, way] = rest
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args })

// spy keeps hold of what the page opens, so that a test can cut it and look at the way taken.
const spy = () => {
  globalThis.sockets = []
  globalThis.calls = []
  const S = WebSocket
  globalThis.WebSocket = class extends S { constructor(...a) { super(...a); globalThis.sockets.push(this) } }
  const P = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends P { constructor(...a) { super(...a); globalThis.calls.push(this) } }
}

async function open(name, path, options) {
  const context = await browser.newContext(options)
  await context.addInitScript(spy)
  const page = await context.newPage()
  const about = (text) => wrong.push(`${way} ${name}: ${text}`)
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) about(`asks ${r.url()}`) })
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 40[34]/.test(m.text())) about(`console: ${m.text()}`) })
  page.on('pageerror', (e) => about(`error: ${e.message}`))
  const response = await page.goto(base + path)
  if (response.headers()['permissions-policy'] !== 'camera=(self), microphone=(self)') about('has no Permissions-Policy')
  const csp = response.headers()['content-security-policy']
  if (!csp.includes("script-src 'self'") || !csp.includes("connect-src 'self'") || csp.includes('unsafe')) about(`CSP ${csp}`)
  return { name, page, context, about }
}

const now = (v, state) => v.page.waitForFunction((s) => document.getElementById('video').dataset.now === s, state, { timeout: 30000 })
  .catch(() => { throw new Error(`${way} ${v.name}: not in state ${state}`) })
const says = (v, id, text, timeout = 30000) => v.page.waitForFunction(([i, t]) => document.getElementById(i).textContent.includes(t), [id, text], { timeout })
  .catch(async () => { throw new Error(`${way} ${v.name}: ${id} says "${await v.page.locator('#' + id).textContent()}", not "${text}"`) })

async function state(v, name) {
  await accessible(v.page, (text) => v.about(`${name}: ${text}`))
  if (await v.page.locator('main h1').count() !== 1) v.about(`${name}: has no single h1`)
  if (await v.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) v.about(`${name}: is wider than the screen`)
  if (shots) await v.page.screenshot({ path: `${shots}/video-${way}-${v.name}-${name}.png`, fullPage: true })
}

// differs tells by how much two pictures of the other side, 700 ms apart, differ for each pixel.
const differs = (v) => v.page.evaluate(async () => {
  const video = document.getElementById('other')
  const take = () => {
    const canvas = document.createElement('canvas')
    canvas.width = 160; canvas.height = 120
    const on = canvas.getContext('2d')
    on.drawImage(video, 0, 0, 160, 120)
    return on.getImageData(0, 0, 160, 120).data
  }
  const first = take()
  await new Promise((done) => setTimeout(done, 700))
  const second = take()
  let sum = 0
  for (let i = 0; i < first.length; i++) sum += Math.abs(first[i] - second[i])
  return sum / (first.length / 4)
})

async function moving(v, what) {
  let most = 0
  for (let i = 0; i < 20 && most < 1; i++) most = Math.max(most, await differs(v))
  if (most < 1) v.about(`${what}: the picture of the other side does not move`)
}

const checked = async (v) => {
  await v.page.click('#check')
  await now(v, 'check')
  await v.page.locator('#join').waitFor({ timeout: 30000 })
  for (const id of ['camera', 'microphone', 'network']) await says(v, `${id}-result`, 'Works')
}
const flows = (v, which) => v.page.evaluate(async () => {
  const stats = [...(await globalThis.calls.at(-1).getStats()).values()]
  const pair = stats.find((s) => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded')
  return pair ? stats.find((s) => s.id === pair.localCandidateId).candidateType : ''
})

try {
  const patient = await open('patient', patientPath, phone)
  const staff = await open('staff', staffPath, desk)
  await state(patient, 'start')
  await state(staff, 'start')
  await checked(patient)
  await state(patient, 'check')
  await patient.page.click('#join')
  await now(patient, 'waiting')
  await says(patient, 'waiting-status', 'will let you in when they are ready')
  await state(patient, 'waiting')
  await checked(staff)
  await staff.page.click('#join')
  await now(staff, 'waiting')
  await says(staff, 'waiting-status', 'The patient is waiting')
  await says(patient, 'waiting-status', 'will let you in soon')
  await state(staff, 'patient-waits')
  // Nothing goes to the other side before the patient is let in.
  await patient.page.waitForTimeout(1500)
  for (const v of [patient, staff]) {
    if (await v.page.evaluate(() => document.getElementById('video').dataset.now) !== 'waiting') v.about('did not wait')
    if (await v.page.evaluate(() => document.getElementById('other').srcObject)) v.about('sees the other side before')
  }
  await staff.page.click('#let-in')
  for (const v of [patient, staff]) { await now(v, 'call'); await says(v, 'call-status', 'Connected') }
  for (const v of [patient, staff]) {
    await moving(v, 'call')
    const used = await flows(v)
    if (way === 'relay' ? used !== 'relay' : !['host', 'prflx', 'srflx'].includes(used)) v.about(`goes by ${used}`)
    await state(v, 'call')
  }

  // Camera off, and mute, are told to the other side.
  await patient.page.click('#camera-switch')
  await says(staff, 'other-media', 'Their camera is off')
  await staff.page.waitForTimeout(500)
  if (await differs(staff) > 1) staff.about('sees a picture of a camera that is off')
  await patient.page.click('#microphone-switch')
  await says(staff, 'other-media', 'Their camera and microphone are off')
  await patient.page.click('#camera-switch')
  await patient.page.click('#microphone-switch')
  await says(patient, 'microphone-switch', 'Mute')
  await moving(staff, 'camera on again')

  // The connection to our server is cut on both sides, and comes back without being let in again.
  for (const v of [patient, staff]) await v.page.evaluate(() => globalThis.sockets.at(-1).close())
  for (const v of [patient, staff]) {
    await v.page.waitForFunction(() => globalThis.sockets.length > 1 && globalThis.sockets.at(-1).readyState === 1, null, { timeout: 20000 })
  }
  for (const v of [patient, staff]) { await now(v, 'call'); await says(v, 'call-status', 'Connected'); await moving(v, 'after the cut') }

  // The way to the other browser is lost: both say so after two seconds without frames.
  const before = await staff.page.evaluate(() => globalThis.calls.length)
  await patient.page.evaluate(() => globalThis.calls.at(-1).close())
  await says(staff, 'call-status', 'Reconnecting', 8000)
  await state(staff, 'reconnecting')
  await says(staff, 'call-status', 'Connected', 60000)
  if (await staff.page.evaluate(() => globalThis.calls.length) <= before) staff.about('did not begin the call anew')
  await moving(staff, 'after the way was lost')
  await moving(patient, 'after the way was lost')

  // The patient's page is gone without a word, and staff are told. Opened again it waits again.
  await patient.page.reload()
  await says(staff, 'call-status', 'The patient has lost the connection')
  await state(staff, 'away')
  await checked(patient)
  await patient.page.click('#join')
  await now(staff, 'waiting')
  await staff.page.click('#let-in')
  for (const v of [patient, staff]) { await now(v, 'call'); await says(v, 'call-status', 'Connected'); await moving(v, 'opened again') }

  // A second page of the patient's takes the place of the first, and waits again.
  const second = await open('second', patientPath, phone)
  await checked(second)
  await second.page.click('#join')
  await now(patient, 'over')
  await state(patient, 'replaced')
  await now(second, 'waiting')
  await now(staff, 'waiting')
  await says(staff, 'waiting-status', 'The patient is waiting')
  await staff.page.click('#let-in')
  for (const v of [second, staff]) { await now(v, 'call'); await says(v, 'call-status', 'Connected'); await moving(v, 'second page') }

  // The patient leaves and comes in again, and staff end it for both.
  await second.page.click('section[data-state=call] [data-leave]')
  await now(second, 'over')
  await now(staff, 'waiting')
  await state(second, 'left')
  await second.page.click('#return')
  await second.page.click('#join')
  await says(staff, 'waiting-status', 'The patient is waiting')
  await staff.page.click('#let-in')
  for (const v of [second, staff]) await now(v, 'call')
  await staff.page.click('#end')
  for (const v of [second, staff]) await now(v, 'over')
  await state(staff, 'ended')

  if (way === 'direct') await refusals()
} catch (e) {
  wrong.push(e.stack)
}
await browser.close()
for (const line of wrong) console.log(line)
process.exit(wrong.length > 0 ? 1 : 0)

// refusals are a browser without a camera, one that is not allowed to use it, and one without JavaScript.
async function refusals() {
  for (const [error, text] of [['NotFoundError', 'We cannot find a microphone'], ['NotAllowedError', 'does not let this page use']]) {
    const v = await open(error, patientPath, phone)
    await v.page.evaluate((name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)) }, error)
    await v.page.click('#check')
    await says(v, 'trouble-text', text)
    if (await v.page.locator('#join').isVisible()) v.about('can come in all the same')
    if (await v.page.evaluate(() => document.activeElement.id) !== 'trouble') v.about('does not begin with what is wrong')
    await state(v, 'trouble')
    await v.context.close()
  }
  const context = await browser.newContext(plain)
  const page = await context.newPage()
  await page.goto(base + patientPath)
  const text = await page.locator('main').innerText()
  for (const needed of ['needs JavaScript', 'What you need', '01632 960100']) {
    if (!text.includes(needed)) wrong.push(`plain: does not say "${needed}"`)
  }
  if (await page.locator('button:visible').count() > 0) wrong.push('plain: shows buttons that do nothing')
  if (shots) await page.screenshot({ path: `${shots}/video-plain.png`, fullPage: true })
  await context.close()
}
