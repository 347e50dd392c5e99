// The page of a video consultation, for the patient and for staff.
//
//   check    the camera, the microphone and the network, before anything else
//   connect  the WebSocket to our server, which comes back by itself
//   meet     the call to the other browser: WebRTC with perfect negotiation
//            (W3C, WebRTC 1.0, section "Perfect Negotiation Example")
//   watch    whether sound and picture still arrive
'use strict';
(() => {
  const by = (id) => document.getElementById(id);
  const root = by('video');
  const staff = root.dataset.role === 'staff';
  const here = location.pathname.replace(/\/+$/, '');
  // What this page alone knows: with it the page gets its seat back when its connection was lost.
  const secret = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

  // The texts come with the page, in the reader's language.
  const words = JSON.parse(by('words').textContent);
  const word = (name) => words[`script.${name}`];

  const say = (id, text) => { const at = by(id); if (at && at.textContent !== text) at.textContent = text; };

  let state = '';
  function show(next) {
    if (next === state) return;
    const first = state === '';
    state = next;
    for (const part of root.querySelectorAll('[data-state]')) part.hidden = part.dataset.state !== next;
    root.dataset.now = next;
    const part = root.querySelector(`[data-state="${next}"]`);
    by('title').textContent = part.dataset.title;
    if (!first) by('title').focus();
  }

  // --- check ---------------------------------------------------------------

  let stream = null;
  let meter = null;
  let ice = { iceServers: [] };

  const unable = { NotAllowedError: 'not_allowed', NotFoundError: 'not_found', NotReadableError: 'in_use' };
  const why = (error) => word(unable[error.name] || 'not_started');

  async function devices() {
    const sound = { echoCancellation: true, noiseSuppression: true };
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: sound, video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch (error) {
      // A microphone alone is enough: the patient is heard and not seen.
      if (error.name !== 'NotFoundError') throw error;
      return navigator.mediaDevices.getUserMedia({ audio: sound });
    }
  }

  const configured = (answer) => ({
    iceServers: answer.ice_servers || [], iceTransportPolicy: answer.relay_only ? 'relay' : 'all',
  });

  // network tells whether a call can be built up from here: "works", or "blocked" when no server that relays can be
  // reached, though there is one.
  async function network() {
    const response = await fetch(`${here}/ice`, { cache: 'no-store' });
    if (response.status === 403 || response.status === 404) { location.reload(); return 'closed'; }
    if (!response.ok) throw new Error('no answer');
    ice = configured(await response.json());
    const relays = ice.iceServers.some((s) => [].concat(s.urls).some((url) => url.startsWith('turn')));
    const trial = new RTCPeerConnection(ice);
    try {
      return await new Promise((resolve) => {
        const late = setTimeout(() => resolve('blocked'), 8000);
        trial.onicecandidate = ({ candidate }) => {
          if (!candidate || !candidate.candidate) return;
          if (relays && candidate.type !== 'relay') return;
          clearTimeout(late);
          resolve('works');
        };
        trial.createDataChannel('trial');
        trial.setLocalDescription();
      });
    } finally {
      trial.close();
    }
  }

  function level() {
    meter?.close();
    meter = null;
    try {
      meter = new AudioContext();
      const analyser = meter.createAnalyser();
      analyser.fftSize = 512;
      meter.createMediaStreamSource(stream).connect(analyser);
      const samples = new Uint8Array(analyser.fftSize);
      const mine = meter;
      const draw = () => {
        if (meter !== mine || state !== 'check') return;
        analyser.getByteTimeDomainData(samples);
        by('level').value = Math.min(1, Math.max(...samples.map((v) => Math.abs(v - 128))) / 64);
        setTimeout(draw, 100);
      };
      draw();
    } catch { /* a meter is a help, and no more */ }
  }

  const stop = () => {
    stream?.getTracks().forEach((t) => t.stop());
    stream = null;
    meter?.close();
    meter = null;
  };

  async function check() {
    stop();
    show('check');
    by('trouble').hidden = true;
    by('asking').hidden = false;
    by('join').hidden = true;
    by('again').hidden = true;
    for (const id of ['camera', 'microphone', 'network']) say(`${id}-result`, words['video.checking']);
    let problem = '';
    try {
      stream = await devices();
      const seen = stream.getVideoTracks().length > 0;
      say('camera-result', word(seen ? 'works' : 'no_camera'));
      say('microphone-result', word('works'));
      by('preview').srcObject = stream;
      by('self').srcObject = stream;
      by('preview').hidden = by('self').hidden = by('camera-switch').hidden = !seen;
      for (const track of stream.getTracks()) track.onended = () => { switches(); tell(); };
      level();
    } catch (error) {
      problem = why(error);
      say('camera-result', word('broken'));
      say('microphone-result', word('broken'));
    }
    try {
      const found = await network();
      say('network-result', word(found === 'works' ? 'works' : 'blocked'));
    } catch {
      problem = problem || word('no_server');
      say('network-result', word('broken'));
    }
    if (problem) {
      say('trouble-text', problem);
      by('trouble').hidden = false;
      by('trouble').focus();
    }
    by('asking').hidden = true;
    if (!stream) by('preview').hidden = true;
    by('level').hidden = !stream;
    by('again').hidden = !problem;
    by('join').hidden = Boolean(problem);
  }

  // --- connect -------------------------------------------------------------

  let socket = null;
  let wanted = false;
  let delay = 500;
  let me = '';

  const send = (message) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };

  function connect() {
    const mine = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${here}/socket`);
    socket = mine;
    mine.onopen = () => send({ type: 'hello', page: secret });
    mine.onmessage = ({ data }) => {
      if (socket !== mine) return;
      delay = 500;
      const message = JSON.parse(data);
      if (message.type === 'ice') configure(message);
      if (message.type === 'room') room(message);
      if (message.type === 'signal') heard(message.signal);
    };
    mine.onclose = ({ code }) => {
      if (socket !== mine) return;
      socket = null;
      if (!wanted) return;
      if (code === 4001) return over('replaced');
      if (code === 4002) return over('ended');
      if (code === 4003) return location.reload(); // the page says why
      if (!call) say('waiting-status', word('lost'));
      by('let-in').hidden = true;
      setTimeout(() => { if (wanted && !socket) connect(); }, delay);
      delay = Math.min(delay * 2, 10000);
    };
  }

  // configure takes servers with fresh credentials. A call that gets nothing looks for a new way with them.
  function configure(message) {
    ice = configured(message);
    if (!call || call.pc.signalingState === 'closed') return;
    call.pc.setConfiguration(ice);
    if (performance.now() - call.at > 2000) call.pc.restartIce();
  }

  let admitted = ''; // the patient's page that was let in from this one
  let sentAway = 0;

  function room(message) {
    me = message.page;
    clearTimeout(sentAway);
    const waits = staff && message.other === 'waiting';
    by('let-in').hidden = !waits;
    if (message.other === 'in' && message.admitted && message.other_page) return meet(message.other_page);
    if (waits) {
      // After our server was started again it does not know which page staff had let in.
      if (admitted === message.other_page) return send({ type: 'let_in', page: admitted });
      hangUp();
      by('let-in').onclick = () => {
        admitted = message.other_page;
        send({ type: 'let_in', page: admitted });
      };
      say('waiting-status', word('patient_waits'));
      return show('waiting');
    }
    if (call) call.away = message.other === 'absent';
    if (call && staff) return; // the patient has lost the connection, and may come back
    if (call) {
      if (!message.admitted) sentAway = setTimeout(() => { hangUp(); waiting(message); }, 20000);
      return;
    }
    waiting(message);
  }

  function waiting(message) {
    say('waiting-status', word(staff ? 'patient_absent' : message.other === 'in' ? 'practice_ready' : 'practice_absent'));
    show('waiting');
  }

  function over(reason) {
    wanted = false;
    admitted = '';
    const open = socket;
    socket = null;
    open?.close();
    hangUp();
    stop();
    for (const part of root.querySelectorAll('[data-reason]')) part.hidden = part.dataset.reason !== reason;
    show('over');
  }

  // --- meet ----------------------------------------------------------------

  let call = null; // { pc, peer, … }

  const signal = (what) => { if (call) send({ type: 'signal', signal: { to: call.peer, ...what } }); };

  function hangUp() {
    if (!call) return;
    clearInterval(call.watching);
    call.pc.close();
    call = null;
    by('other').srcObject = null;
  }

  function meet(peer) {
    if (call?.peer === peer) return resume();
    hangUp();
    begin(peer);
    show('call');
  }

  // resume goes on with a call after one of the two was not connected to our server: what was said meanwhile is lost.
  function resume() {
    if (call.pc.signalingState === 'have-local-offer') signal({ description: call.pc.localDescription });
    call.renewed = 0;
    call.away = false;
    tell();
  }

  function begin(peer) {
    const pc = new RTCPeerConnection(ice);
    const mine = { pc, peer, offering: false, answering: false, ignoring: false, early: [], work: Promise.resolve(),
      got: -1, at: performance.now(), began: performance.now(), renewed: 0, flowing: false, away: false };
    call = mine;
    say('call-status', word('connecting'));
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
    if (stream.getVideoTracks().length === 0) pc.addTransceiver('video', { direction: 'recvonly' });
    pc.onnegotiationneeded = async () => {
      try {
        mine.offering = true;
        await pc.setLocalDescription();
        if (call === mine) signal({ description: pc.localDescription });
      } catch { /* the next change tries again */ } finally {
        mine.offering = false;
      }
    };
    pc.onicecandidate = ({ candidate }) => { if (candidate && call === mine) signal({ candidate }); };
    pc.ontrack = ({ streams: [from], track }) => {
      if (!from || call !== mine) return;
      by('other').srcObject = from;
      by('other').play().catch(() => {});
      track.onunmute = () => by('other').play().catch(() => {});
    };
    pc.onconnectionstatechange = () => { if (pc.connectionState === 'connected' && call === mine) tell(); };
    mine.watching = setInterval(() => watch(mine), 500);
  }

  function heard(what) {
    if (!call || what.to !== me) return;
    const mine = call;
    if (what.bye) { hangUp(); return left(); }
    if (what.media) return other(what.media);
    if (what.reset) { const { peer } = mine; hangUp(); return begin(peer); }
    // One after the other: what a description brings must be there before what follows it.
    mine.work = mine.work.then(() => describe(mine, what)).catch(() => {});
  }

  async function describe(mine, { description, candidate }) {
    const { pc } = mine;
    if (call !== mine) return;
    if (description) {
      const ready = !mine.offering && (pc.signalingState === 'stable' || mine.answering);
      mine.ignoring = description.type === 'offer' && !ready && staff; // the patient's page gives way
      if (mine.ignoring) return;
      mine.answering = description.type === 'answer';
      try { await pc.setRemoteDescription(description); } finally { mine.answering = false; }
      for (const one of mine.early.splice(0)) await pc.addIceCandidate(one).catch(() => {});
      if (description.type !== 'offer') return;
      await pc.setLocalDescription();
      if (call === mine) signal({ description: pc.localDescription });
    } else if (candidate) {
      // Candidates may come before the description they belong to.
      if (!pc.remoteDescription) mine.early.push(candidate);
      else await pc.addIceCandidate(candidate).catch((e) => { if (!mine.ignoring) throw e; });
    }
  }

  // left says that the other side went on purpose.
  function left() {
    admitted = '';
    say('waiting-status', word(staff ? 'patient_left' : 'practice_left'));
    show('waiting');
  }

  const works = (kind) => Boolean(stream?.getTracks().some((t) => t.kind === kind && t.enabled && t.readyState === 'live'));
  const tell = () => signal({ media: { camera: works('video'), microphone: works('audio') } });

  function other(media) {
    if (media.camera && media.microphone) return say('other-media', '');
    say('other-media', word(media.camera ? 'microphone_off' : media.microphone ? 'camera_off' : 'both_off'));
  }

  // --- watch ---------------------------------------------------------------

  async function watch(mine) {
    const stats = await mine.pc.getStats().catch(() => null);
    if (!stats || call !== mine) return;
    let got = 0;
    stats.forEach((s) => { if (s.type === 'inbound-rtp') got += (s.framesDecoded || 0) + (s.packetsReceived || 0); });
    const now = performance.now();
    if (got > mine.got && got > 0) {
      [mine.got, mine.at] = [got, now];
      mine.began = mine.renewed = now;
      mine.flowing = true;
      return say('call-status', word('connected'));
    }
    if (now - mine.at < 2000) return;
    if (mine.away) {
      mine.began = now;
      return say('call-status', word(staff ? 'patient_lost' : 'practice_lost'));
    }
    say('call-status', word(mine.flowing ? 'reconnecting' : 'connecting'));
    // When nothing helps for long, staff's page begins the call anew.
    if (staff && now - mine.began > 25000) {
      const { peer } = mine;
      signal({ reset: true });
      hangUp();
      return begin(peer);
    }
    if (now - mine.renewed < 6000) return;
    mine.renewed = now;
    send({ type: 'renew' });
  }

  // --- buttons -------------------------------------------------------------

  function switches() {
    say('microphone-switch', words[works('audio') ? 'video.mute' : 'video.unmute']);
    say('camera-switch', words[works('video') ? 'video.camera_off' : 'video.camera_on']);
  }

  function flip(kind) {
    for (const track of stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = !track.enabled;
    switches();
    tell();
  }

  by('check').onclick = check;
  by('again').onclick = check;
  by('join').onclick = () => {
    wanted = true;
    switches();
    say('waiting-status', word('connecting'));
    show('waiting');
    connect();
  };
  by('microphone-switch').onclick = () => flip('audio');
  by('camera-switch').onclick = () => flip('video');
  for (const button of root.querySelectorAll('[data-leave]')) {
    button.onclick = () => {
      signal({ bye: true });
      send({ type: 'leave' });
      over('left');
    };
  }
  if (staff) by('end').onclick = () => send({ type: 'end' });
  by('return').onclick = check;

  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) {
    by('check').hidden = true;
    by('unfit').hidden = false;
  }
  show('start');
  by('start').hidden = false;
})();
