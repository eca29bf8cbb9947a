"""Live: what runs in the browser: capture, upload, kept sound, and who spoke by a key."""

SERVICE = tuple("speech_" + why for why in ("slow", "busy", "connection", "service", "answer", "key", "url", "refused",
                                            "not_agreed"))  # fmt: skip
"""What a transcription service may fail with; also the end of the message's key."""
HEARD = ("ready", "insecure", "no_microphone", "reconnecting", "restarting", "lost", "withdrawn", "over", "no_grant", "no_token", "busy",
         "model", "slow", "lighter", "stopped", "enrolling", "enrolled", "no_voices", "listen_first", "no_sound",
         "damaged", "no_speech", "crashed", "silent", "away", "kept_here", *SERVICE)  # fmt: skip
"""What the capture script may have to say."""
SILENT_FRAMES = 100
"""Frames (20 s) of sound without a word, after which the page asks to look at the microphone."""
LISTEN_JS = """(token) => {
  const box = document.getElementById('live-hearing');
  if (token && box) window.tandaoCapture.start(token, (event) => {
    if (event.type === 'tentative' || event.type === 'committed') {
      box.heardAt = Number(box.dataset.frames || 0);
      if (box.quiet) { box.querySelector('.state').textContent = box.dataset.ready; box.quiet = false; }
      const lanes = box.lanes = box.lanes || {}, before = lanes[event.channel];
      if (event.type === 'tentative') lanes[event.channel] = event;
      else if (!before || before.number <= event.number) delete lanes[event.channel];
      box.querySelector('.words').textContent = Object.values(lanes).map((one) => one.text).filter(Boolean).join(' · ');
      if (event.type === 'committed') document.querySelector('#live-refresh')?.click();
      return;
    }
    if (event.type === 'cue') { document.querySelector('#live-refresh')?.click(); return; }
    if (event.type === 'ack') {
      box.dataset.frames = event.next;
      if (event.next - (box.heardAt || 0) > SILENT_FRAMES) { box.querySelector('.state').textContent = box.dataset.silent; box.quiet = true; }
      return;
    }
    if (event.type === 'enrolling' || event.type === 'enrolled') {
      box.querySelector('.state').textContent = `${box.dataset[event.type]} ${event.voiced_s.toFixed(1)} s`;
      const read = document.querySelector(`#live-voices button[data-who=${event.text}]`);
      if (read && event.type === 'enrolled') read.textContent = '✓ ' + read.textContent.replace('✓ ', '');
      return;
    }
    const keys = {'error.live_busy': 'busy', 'error.model_missing': 'model', 'error.model_damaged': 'damaged',
      'error.no_speech': 'no_speech', 'error.speech_extra': 'no_speech', 'error.speech_stopped': 'crashed'};
    if (event.type === 'ready') { box.heardAt = event.next; box.dataset.frames = event.next; }
    const key = event.type === 'stopped' ? (keys[event.why] || event.why.replace('error.', '')) : event.type === 'notice'
      ? ({behind: 'slow', lighter: 'lighter', lost: 'lost', gap: 'lost', stopped: 'crashed', away: 'away'}[event.text] || 'ready') : event.type;
    box.querySelector('.state').textContent = box.dataset[key] || box.dataset[event.type] || '';
  });
  return '';
}""".replace("SILENT_FRAMES", str(SILENT_FRAMES))
HUSH_JS = """() => {
  window.tandaoCapture.stop();
  const box = document.getElementById('live-hearing');
  if (box) { box.querySelector('.state').textContent = box.dataset.stopped; box.querySelector('.words').textContent = ''; }
}"""
UPLOAD_JS = """(token) => {
  const box = document.getElementById('recording');
  const file = box && box.querySelector('input[type=file]').files[0];
  if (!file) { if (box) box.querySelector('.state').textContent = box.dataset.pick; return ''; }
  const bar = box.querySelector('progress'), state = box.querySelector('.state');
  if (token) window.tandaoRecording.upload(token, file, box.querySelector('.split').checked, (now) => {
    if (now.total_s) { bar.max = now.total_s; bar.value = now.done_s; }
    const left = now.left_s == null ? '' : ` ${box.dataset.left} ${now.left_s} s`;
    state.textContent = (box.dataset[now.state] || '') + (now.state === 'hearing' ? left : '')
      + (now.why ? ' ' + (box.dataset[now.why.replace('error.', '')] || '') : '') + (now.truncated ? ' ' + box.dataset.truncated : '');
  });
  return '';
}"""
CANCEL_JS = "() => { window.tandaoRecording.cancel(); }"
RECORDED = ("pick", "uploading", "hearing", "done", "cancelled", "failed", "left", "truncated", "no_grant", "audio_format",
            "audio_empty", "audio_large", "audio_long", "withdrawn", "no_speech", "model_missing", "disk_full",
            "unexpected", "model_damaged", "speech_stopped", "cut_off", *SERVICE)  # fmt: skip
"""What the upload may have to say; the last ones are why it failed."""
SOUND_JS = """async (token) => {
  const box = document.getElementById('live-hearing');
  if (!token) return '';
  const answer = await fetch('/live/sound', {headers: {'x-tandao-token': token}});
  if (!answer.ok) { box.querySelector('.state').textContent = box.dataset.no_sound; return ''; }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = 'tandao-sound.wav';
  document.body.appendChild(link); link.click(); link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return '';
}"""
MARK_JS = "(who) => { window.tandaoCapture.mark(who); }"
WHO_JS = """
const says = (who) => {
  const choice = document.querySelector('#live-speaker input[value=' + who + ']');
  if (choice && !choice.checked) choice.click(); else window.tandaoCapture.mark(who);
};
const right = (number, who) => { says(who); trigger('click', {number: Number(number), who}); };
let below = true;
element.addEventListener('scroll', (event) => {
  const list = event.target;
  below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
}, true);
new MutationObserver(() => {
  const list = element.querySelector('ol.said');
  if (list && below) list.scrollTop = list.scrollHeight;
}).observe(element, {childList: true, subtree: true});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button.who');
  if (button) right(button.dataset.number, button.dataset.who);
});
document.addEventListener('keydown', (event) => {
  const who = {1: 'manager', 2: 'employee'}[event.key];
  if (!who || event.ctrlKey || event.altKey || event.metaKey || !element.offsetParent) return;
  if (event.target.closest('input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]')) return;
  const open = element.querySelectorAll('button.who[data-who=' + who + ']');
  if (!open.length) says(who);
  else right(open[open.length - 1].dataset.number, who);
});
"""
"""A press on a name, or the keys 1 and 2 for the last line whose speaker is unsure, says who it was; where none is,
who speaks from now on. The list of what was said stays at its end unless somebody has scrolled up."""
