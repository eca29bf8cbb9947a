// Collects the microphone into frames of 200 ms: 3,200 samples of 16 kHz, 16-bit, mono.
class Frames extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(3200);
    this.filled = 0;
    this.place = 0;
    this.last = 0;
  }

  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    const step = sampleRate / 16000;
    // linear interpolation where the context could not be made at 16 kHz
    while (this.place < input.length) {
      const whole = Math.floor(this.place);
      const before = whole === 0 ? this.last : input[whole - 1];
      const value = before + (input[whole] - before) * (this.place - whole);
      this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
      if (this.filled === this.frame.length) {
        this.port.postMessage(this.frame.buffer.slice(0));
        this.filled = 0;
      }
      this.place += step;
    }
    this.place -= input.length;
    this.last = input[input.length - 1];
    return true;
  }
}
registerProcessor('frames', Frames);
