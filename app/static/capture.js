// Sends the microphone to /live/audio in numbered frames, keeps what was not acknowledged, and resumes after a cut.
window.tandaoCapture = (() => {
  const nothingYet = (event) => {
    const box = document.getElementById('live-hearing');
    if (box) box.querySelector('.state').textContent = box.dataset[event.type] || '';
  };
  const KEPT = 300; // one minute of frames for resuming
  const FULL = 1000000; // bytes on their way
  const numberOf = (frame) => new DataView(frame.buffer).getUint32(0, true);
  let socket, context, stream, token, waiting = [], next = 0, sent = 0, stopped = true, show = nothingYet, tries = 0, marked = '', last = '', turn = 0;

  async function start(secret, onEvent) {
    stop();
    const mine = ++turn; // a second press while the first still asks for the microphone
    show = onEvent;
    if (!window.isSecureContext || !navigator.mediaDevices) { show({type: 'insecure'}); return; }
    token = secret; next = 0; sent = 0; waiting = []; stopped = false; tries = 0; marked = last;
    let asked;
    try {
      asked = await navigator.mediaDevices.getUserMedia(
        {audio: {channelCount: 1, noiseSuppression: false, autoGainControl: false, echoCancellation: false}});
    } catch (error) { show({type: 'no_microphone'}); stopped = true; return; }
    if (mine !== turn) { asked.getTracks().forEach((track) => track.stop()); return; }
    stream = asked;
    context = new AudioContext({sampleRate: 16000});
    await context.audioWorklet.addModule('/live/worklet.js');
    const node = new AudioWorkletNode(context, 'frames');
    node.port.onmessage = (message) => push(message.data);
    context.createMediaStreamSource(stream).connect(node);
    connect();
  }

  function push(buffer) {
    if (stopped) return;
    const frame = new Uint8Array(4 + buffer.byteLength);
    new DataView(frame.buffer).setUint32(0, next++, true);
    frame.set(new Uint8Array(buffer), 4);
    waiting.push(frame);
    if (waiting.length > KEPT) { waiting.shift(); show({type: 'lost'}); }
    flush();
  }

  // in order, and no faster than the network takes it; what has to wait goes with a later frame or acknowledgement
  function flush(full = FULL) {
    if (!socket || !socket.ready) return;
    for (const frame of waiting) {
      const number = numberOf(frame);
      if (number < sent) continue;
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount >= full) return;
      socket.send(frame);
      sent = number + 1;
    }
  }

  function connect() {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const mine = socket = new WebSocket(`${scheme}//${location.host}/live/audio`);
    mine.binaryType = 'arraybuffer';
    mine.onopen = () => mine.send(JSON.stringify({token}));
    mine.onmessage = (message) => {
      const event = JSON.parse(message.data);
      if (event.type === 'ready' || event.type === 'ack') {
        tries = 0;
        waiting = waiting.filter((f) => numberOf(f) >= event.next);
        if (event.type === 'ready') {
          if (event.next > next) next = event.next;
          mine.ready = true;
          if (marked) mark(marked);
          sent = 0;
        }
        flush();
      }
      if (event.type === 'stopped') stop(true);
      show(event);
    };
    mine.onclose = (event) => {
      if (stopped || mine !== socket) return;
      if (event.code === 1012) marked = last; // whoever listens next does not know
      show({type: 'reconnecting'});
      setTimeout(connect, Math.min(5000, 250 * 2 ** tries++));
    };
  }

  // said before anything listens, it is told as soon as it does
  function mark(who) {
    last = who;
    const heard = socket && socket.ready;
    if (heard) socket.send(JSON.stringify({speaker: who}));
    marked = heard ? '' : who;
  }

  function reads(who) {
    if (socket && socket.ready) socket.send(JSON.stringify({reads: who})); else show({type: 'listen_first'});
  }

  // told: the server ended it, nothing more may be sent
  function stop(told) {
    if (!told && !stopped && socket && socket.ready && socket.readyState === WebSocket.OPEN) {
      flush(Infinity);
      socket.send(JSON.stringify({stop: true}));
    }
    stopped = true; turn++;
    if (socket) socket.close();
    if (stream) stream.getTracks().forEach((track) => track.stop());
    if (context) context.close();
    socket = stream = context = undefined;
  }

  return {start, stop: () => stop(), mark, reads};
})();

// Uploads a recording as a stream, then asks how far it has been heard.
window.tandaoRecording = (() => {
  let job = '', sending;
  async function upload(token, file, split, show) {
    job = '';
    if (sending) sending.abort();
    const mine = sending = new AbortController();
    show({state: 'uploading'});
    try { await follow(mine, token, file, split, show); }
    catch (error) { if (sending === mine) show(mine.signal.aborted ? {state: 'cancelled'} : {state: 'failed', why: 'error.cut_off'}); }
    finally { if (sending === mine) sending = undefined; }
  }
  async function follow(mine, token, file, split, show) {
    const answer = await fetch('/live/recording', {method: 'POST', body: file, signal: mine.signal, headers: {
      'content-type': 'application/octet-stream', 'x-tandao-token': token, 'x-tandao-split': split ? '1' : '0'}});
    const told = await answer.json().catch(() => ({state: 'failed', why: 'error.unexpected'}));
    if (!told.job) { show(told); return; }
    job = told.job;
    for (;;) {
      await new Promise((done) => setTimeout(done, 700));
      const now = await (await fetch(`/live/recording/${job}`)).json().catch(() => ({state: 'failed', why: 'error.unexpected'}));
      if (sending !== mine) return;
      show(now);
      if (now.state !== 'hearing') return;
    }
  }
  async function cancel() {
    if (job) await fetch(`/live/recording/${job}`, {method: 'POST'});
    else if (sending) sending.abort();
  }
  return {upload, cancel};
})();
