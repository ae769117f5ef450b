// The find field above a trace: looks in names and all attributes, steps through what it found.

import { el } from './island';
import { traceHost } from './trace-host';

export class TraceFind {
  readonly input = el('input', { type: 'search', placeholder: 'Find in names and attributes', 'aria-label': 'Find in names and attributes', 'data-key': '/' }) as HTMLInputElement;
  readonly say = el('span', { class: 'say', role: 'status' });
  readonly next = el('button', { type: 'button', title: 'Next match (n)', 'aria-label': 'Next match', disabled: true }, '↓') as HTMLButtonElement;
  matches: number[] = [];
  #found = new Set<number>();
  #abort: AbortController | null = null;
  #timer = 0;
  #pending: Promise<void> | null = null;

  constructor(readonly src: () => string, readonly changed: (jump: boolean) => void, readonly jump: (by: number) => void, leave: () => void) {
    this.next.replaceChildren('Next');
    this.input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => { this.#pending = this.#look(true); }, 150);
    });
    this.input.addEventListener('change', () => traceHost().show({ find: this.text === '' ? null : this.text }, true));
    this.input.addEventListener('keydown', event => {
      if (event.key === 'Enter') void this.#step(event.shiftKey ? -1 : 1);
      else if (event.key === 'Escape') {
        this.input.value = '';
        this.input.dispatchEvent(new Event('change'));
        this.#pending = this.#look(false);
        leave();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.next.addEventListener('click', () => this.jump(1));
  }

  get text(): string { return this.input.value.trim(); }
  get isOn(): boolean { return this.text !== '' && this.#pending === null; }
  has(i: number): boolean { return this.#found.has(i); }

  /** Begins with what the address says. */
  start(text: string): void {
    this.input.value = text;
    if (text !== '') this.#pending = this.#look(false);
  }

  tellPlace(index: number): void {
    this.say.textContent = `${(this.matches.indexOf(index) + 1).toLocaleString('en')} of ${this.matches.length.toLocaleString('en')}`;
  }

  /** Enter looks at once, even before the pause after the last key. */
  async #step(by: number): Promise<void> {
    clearTimeout(this.#timer);
    const wanted = this.text;
    if (this.#pending) await this.#pending;
    else if (this.#looked !== wanted) await this.#look(true);
    else this.jump(by);
  }

  #looked = '';

  async #look(jump: boolean): Promise<void> {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    const text = this.#looked = this.text;
    try {
      const found = text === '' ? [] : await traceHost().find(this.src(), text, abort.signal);
      if (abort.signal.aborted) return;
      this.matches = found;
      this.say.textContent = text === '' ? '' : found.length === 0 ? 'No span holds it' : `${found.length.toLocaleString('en')} found`;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.matches = [];
      this.say.textContent = error instanceof Error ? error.message : String(error);
    }
    this.#pending = null;
    this.#found = new Set(this.matches);
    this.next.disabled = this.matches.length === 0;
    this.changed(jump && this.matches.length > 0);
  }
}
